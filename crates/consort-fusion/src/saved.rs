use consort_core::{Error, Fusion, Gives, Matrix, Member, Missing, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::device::{self, Device};

/// A fitted fusion with all that is needed to apply it to new rows, as one JSON text with a checksum.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Missing, Outputs, Predictions};
/// use consort_fusion::{SavedFusion, rule};
///
/// let cube = Predictions::builder(Outputs::Classes(Classes::new(["no", "yes"])?), Ids::positions(1))
///     .member("a", Gives::Probabilities, &[0.5, 0.5])?
///     .member("b", Gives::Probabilities, &[0.1, 0.9])?
///     .build()?;
/// let saved = SavedFusion::new(&cube, Box::new(rule::Mean::default()));
/// let back = SavedFusion::from_json(&saved.to_json()?, "fusion.json")?;
/// assert_eq!(back.apply(&cube)?.row(0), [0.3, 0.7]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFusion {
    /// What a prediction's columns are.
    pub outputs: Outputs,
    /// The members that it was fitted on, in the order of their weights.
    pub members: Vec<Member>,
    /// What is done with missing rows.
    pub missing: Missing,
    /// The member that was best where the fusion was fitted, where that is known: what the fusion has to beat.
    #[serde(default)]
    pub best_member: Option<String>,
    /// The metric that it was fitted for and judged by, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The fitted fusion.
    pub fusion: Box<dyn Fusion>,
}

/// The file around it.
#[derive(Serialize, Deserialize)]
struct Envelope {
    format: String,
    version: u32,
    /// Of the body, its keys sorted, without white space.
    checksum: String,
    body: Value,
}

const FORMAT: &str = "consort-fusion";
const VERSION: u32 = 1;

impl SavedFusion {
    /// The fusion that was fitted on these predictions.
    pub fn new(fitted_on: &Predictions, fusion: Box<dyn Fusion>) -> Self {
        Self {
            outputs: fitted_on.outputs().clone(),
            members: fitted_on.members().to_vec(),
            missing: fitted_on.missing(),
            best_member: None,
            metric: None,
            fusion,
        }
    }

    /// As JSON, with format, version and checksum.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a person's own fusion cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        let write = |problem: serde_json::Error| damaged("the fusion", format!("it cannot be saved: {problem}"));
        let body = sorted(serde_json::to_value(self).map_err(write)?);
        let envelope = Envelope { format: FORMAT.into(), version: VERSION, checksum: checksum(&body), body };
        serde_json::to_string_pretty(&envelope).map(|text| text + "\n").map_err(write)
    }

    /// From JSON. `place` is the file's name, for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the text is not a saved fusion, is of a newer version, was changed (its checksum
    /// differs), or holds a kind of fusion that this program does not know.
    pub fn from_json(text: &str, place: &str) -> Result<Self> {
        let envelope: Envelope = serde_json::from_str(text).map_err(|error| {
            damaged(place, format!("it is not a saved fusion ({error}): give a file made by `--save`"))
        })?;
        if envelope.format != FORMAT {
            return Err(damaged(place, format!("it holds `{}`, not `{FORMAT}`", envelope.format)));
        }
        if envelope.version > VERSION {
            let problem = format!(
                "it is of version {}, and this program reads up to version {VERSION}: update the program",
                envelope.version
            );
            return Err(damaged(place, problem));
        }
        let body = sorted(envelope.body);
        if checksum(&body) != envelope.checksum {
            return Err(damaged(
                place,
                "it was changed after it was saved (its checksum differs): save it again".into(),
            ));
        }
        serde_json::from_value(body).map_err(|error| damaged(place, format!("it cannot be understood: {error}")))
    }

    /// The names of the members that the fusion reads; one of weight 0 need not be given to [`apply`](Self::apply).
    pub fn needed(&self) -> Vec<&str> {
        let weights = self.fusion.weights();
        let used = |m: usize| weights.as_ref().is_none_or(|weights| weights.get(m) != Some(&0.0));
        self.members.iter().enumerate().filter(|(m, _)| used(*m)).map(|(_, member)| member.name.as_str()).collect()
    }

    /// The fused prediction of new rows. Members are found by name; others are left aside.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if a member that is needed is absent, [`Error::Unsupported`] if the outputs differ
    /// or a member gives something else than when the fusion was fitted, and the errors of the fusion.
    pub fn apply(&self, predictions: &Predictions) -> Result<Matrix> {
        self.apply_on(None, predictions)
    }

    /// The same on a device, if it does what the fusion does ([`device::fuse`]).
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and those of the device.
    pub fn apply_on(&self, device: Option<&dyn Device>, predictions: &Predictions) -> Result<Matrix> {
        if predictions.outputs() != &self.outputs {
            return Err(Error::Unsupported {
                by: "the saved fusion".into(),
                what: format!("predictions of {}", describe(predictions.outputs())),
                hint: format!("it was fitted on {}", describe(&self.outputs)),
            });
        }
        let needed = self.needed();
        let names: Vec<&str> = self.members.iter().map(|member| member.name.as_str()).collect();
        let members = predictions.named_where(&names, |m| needed.contains(&names[m]))?;
        for (now, then) in members.members().iter().zip(&self.members) {
            if now.gives != then.gives && needed.contains(&now.name.as_str()) {
                return Err(differs(&now.name, now.gives, then.gives));
            }
        }
        device::fuse(device, &*self.fusion, &members)
    }
}

fn differs(name: &str, now: Gives, then: Gives) -> Error {
    Error::Unsupported {
        by: "the saved fusion".into(),
        what: format!("{now} of member `{name}`"),
        hint: format!("the member gave {then} when the fusion was fitted"),
    }
}

fn describe(outputs: &Outputs) -> String {
    match outputs {
        Outputs::Classes(classes) => format!("the classes {classes}"),
        other => (0..other.len()).map(|k| format!("`{}`", other.name(k))).collect::<Vec<_>>().join(", "),
    }
}

fn damaged(place: &str, problem: String) -> Error {
    Error::Damaged { place: place.into(), problem }
}

fn checksum(body: &Value) -> String {
    blake3::hash(body.to_string().as_bytes()).to_hex().to_string()
}

/// The same value with its keys in byte order, whichever order the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}
