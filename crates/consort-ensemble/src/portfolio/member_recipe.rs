use std::sync::Arc;

use consort_core::{Dataset, Encoder, Error, Learner, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use super::by_name;
use crate::{
    NamedLearner,
    encode::{Encoded, suited},
};

/// A member as a recipe describes it: a name of the [portfolio](super::NAMES), one of its members with other parameters,
/// or any learner with its parameters, behind the encoder that it needs or another.
///
/// | form | what it is |
/// |---|---|
/// | `"boost"` | the portfolio's, with parameters that suit the data |
/// | `{name = "slow", like = "boost", rounds = 900}` | the portfolio's, with some parameters changed |
/// | `{name = "mine", learner = "random_forest", trees = 50}` | a learner by its saved name, the other parameters as usual |
///
/// `encoder` is `"auto"` (what [suits](suited) the learner, the default), `"none"`, or an encoder with its parameters, such
/// as `{encoder = "ordinal"}`.
///
/// ```
/// use consort_core::{Column, Dataset, Features};
/// use consort_ensemble::portfolio::MemberRecipe;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let recipe: MemberRecipe = serde_json::from_str(r#"{"name": "slow", "like": "boost", "rounds": 900}"#).unwrap();
/// let learner = serde_json::to_value(recipe.member(&data)?.learner).unwrap();
/// assert_eq!((&learner["rounds"], &learner["learning_rate"]), (&900.into(), &0.05.into()));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRecipe {
    name: String,
    like: Option<String>,
    encoder: Option<Value>,
    /// What is left: the tag of a learner and parameters.
    parameters: Map<String, Value>,
}

/// The key that says what learner it is.
const LEARNER: &str = "learner";
/// The learner that is another one behind an encoder.
const ENCODED: &str = "encoded";

impl MemberRecipe {
    /// The portfolio's member of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), like: None, encoder: None, parameters: Map::new() }
    }

    /// The recipe that gives exactly this member, on whatever data.
    ///
    /// # Errors
    /// If the learner cannot be told as data.
    pub fn of(member: &NamedLearner) -> Result<Self> {
        let mut parameters = object(serde_json::to_value(&*member.learner).map_err(Error::custom)?);
        let is_encoded = parameters.get(LEARNER).is_some_and(|tag| tag == ENCODED);
        let encoder = if is_encoded {
            let encoder = parameters.remove("encoder");
            parameters = object(parameters.remove("of").unwrap_or_default());
            encoder
        } else {
            let takes = member.learner.takes();
            // What takes all needs no encoder, and none need be ruled out.
            (!(takes.categories && takes.missing)).then(|| "none".into())
        };
        Ok(Self { name: member.name.clone(), like: None, encoder, parameters })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the portfolio's member that it is or begins as.
    pub fn begins_as(&self) -> Option<&str> {
        if self.parameters.contains_key(LEARNER) { None } else { Some(self.like.as_ref().unwrap_or(&self.name)) }
    }

    /// The member, with parameters for this data.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that the portfolio lacks; [`Error::Damaged`] that names the member if there is no
    /// such learner, encoder or parameter.
    pub fn member(&self, data: &Dataset) -> Result<NamedLearner> {
        let Some(begins_as) = self.begins_as() else { return self.without_data() };
        let base = by_name(begins_as, data)?.learner;
        let named = NamedLearner { name: self.name.clone(), learner: base };
        if self.parameters.is_empty() && self.encoder.is_none() {
            return Ok(named);
        }
        let base = Self::of(&named)?;
        let mut whole = Value::Object(base.parameters);
        overlay(&mut whole, Value::Object(self.parameters.clone()));
        self.made(whole, self.encoder.clone().or(base.encoder))
    }

    /// The member with another learner in the place of its own, which that is made of: AdaBoost over it, or a bag of it.
    /// The encoder stays outside, so that features are encoded once for all members.
    ///
    /// # Errors
    /// As [`member`](Self::member).
    pub fn member_of(
        &self,
        data: &Dataset,
        over: impl Fn(Arc<dyn Learner>) -> Arc<dyn Learner>,
    ) -> Result<NamedLearner> {
        let whole = Self::of(&self.member(data)?)?;
        let inner = Self { encoder: Some("none".into()), ..whole.clone() }.without_data()?;
        let over = over(inner.learner);
        match whole.encoder {
            Some(encoder @ Value::Object(_)) => {
                let encoder: Arc<dyn Encoder> =
                    serde_json::from_value(encoder).map_err(|error| self.wrong(format!("its encoder: {error}")))?;
                Ok(NamedLearner { name: whole.name, learner: Arc::new(Encoded::new(encoder, over)) })
            }
            _ => Ok(NamedLearner { name: whole.name, learner: over }),
        }
    }

    /// The member, of a recipe that names its learner.
    ///
    /// # Errors
    /// As [`member`](Self::member), and for a recipe that begins as one of the portfolio.
    pub fn without_data(&self) -> Result<NamedLearner> {
        if self.like.is_some() && self.parameters.contains_key(LEARNER) {
            return Err(self.wrong("it has both `like` and `learner`: keep one of them"));
        }
        if self.begins_as().is_some() {
            return Err(self.wrong("it names no learner, and what the portfolio has depends on the data"));
        }
        self.made(Value::Object(self.parameters.clone()), self.encoder.clone())
    }

    fn made(&self, parameters: Value, encoder: Option<Value>) -> Result<NamedLearner> {
        let learner: Arc<dyn Learner> = serde_json::from_value(parameters).map_err(|error| self.wrong(error))?;
        let learner = match encoder {
            None => suited(learner),
            Some(Value::String(how)) if how == "auto" => suited(learner),
            Some(Value::String(how)) if how == "none" => learner,
            Some(encoder @ Value::Object(_)) => {
                let encoder: Arc<dyn Encoder> =
                    serde_json::from_value(encoder).map_err(|error| self.wrong(format!("its encoder: {error}")))?;
                Arc::new(Encoded::new(encoder, learner))
            }
            Some(other) => {
                let known = "`auto`, `none` or an encoder such as `{encoder = \"table\"}`";
                return Err(self.wrong(format!("its encoder is {other}, but must be {known}")));
            }
        };
        Ok(NamedLearner { name: self.name.clone(), learner })
    }

    fn wrong(&self, problem: impl ToString) -> Error {
        Error::Damaged { place: format!("member `{}`", self.name), problem: problem.to_string() }
    }
}

/// Puts parameters over others: a table within changes only what it names, unless it is of another kind.
fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(known) if is_of_one_kind(known, &value) => overlay(known, value),
                    _ => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// Whether a table changes parts of another: it names no part that the other lacks, and bears the same tag.
fn is_of_one_kind(base: &Value, over: &Value) -> bool {
    let (Value::Object(base), Value::Object(over)) = (base, over) else { return false };
    let agrees = |(key, value): (&String, &Value)| {
        base.get(key).is_some_and(|known| !(known.is_string() && value.is_string()) || known == value)
    };
    over.iter().all(agrees)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Serialize for MemberRecipe {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = self.parameters.clone();
        map.insert("name".into(), self.name.clone().into());
        map.extend(self.like.clone().map(|like| ("like".into(), like.into())));
        map.extend(self.encoder.clone().map(|encoder| ("encoder".into(), encoder)));
        map.serialize(to)
    }
}

impl<'de> Deserialize<'de> for MemberRecipe {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut parameters = match Value::deserialize(from)? {
            Value::String(name) => return Ok(Self::named(name)),
            Value::Object(map) => map,
            other => return Err(D::Error::custom(format!("a member is a name or a table, not {other}"))),
        };
        let mut text = |key: &str| match parameters.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(D::Error::custom(format!("`{key}` of a member is a text, not {other}"))),
        };
        let (name, like) = (text("name")?, text("like")?);
        let name = name.or_else(|| like.clone()).ok_or_else(|| D::Error::missing_field("name"))?;
        // Of a learner that is encoded already, the encoder is a parameter.
        let is_encoded = parameters.get(LEARNER).is_some_and(|tag| tag == ENCODED);
        let encoder = if is_encoded { Some("none".into()) } else { parameters.remove("encoder") };
        Ok(Self { name, like, encoder, parameters })
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Column, Features, Target};

    use super::*;
    use crate::portfolio::NAMES;

    fn data() -> Dataset {
        let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0] };
        let y = Target::from_values(vec![1.0, 2.0, 3.0], "y").unwrap();
        Dataset::new(Features::Columns(vec![x])).unwrap().with_target(y).unwrap()
    }

    fn told(member: &NamedLearner) -> Value {
        serde_json::to_value(&*member.learner).unwrap()
    }

    fn made(text: &str) -> Result<Value> {
        let recipe: MemberRecipe = serde_json::from_str(text).map_err(Error::custom)?;
        Ok(told(&recipe.member(&data())?))
    }

    #[test]
    fn every_member_of_the_portfolio_has_a_recipe_of_its_own_that_gives_it_back() {
        for entry in NAMES {
            let member = MemberRecipe::named(entry.name).member(&data()).unwrap();
            let recipe = MemberRecipe::of(&member).unwrap();
            let again: MemberRecipe = serde_json::from_str(&serde_json::to_string(&recipe).unwrap()).unwrap();
            assert_eq!(again, recipe);
            assert_eq!(told(&again.member(&data()).unwrap()), told(&member), "{}", entry.name);
        }
    }

    #[test]
    fn parameters_are_put_over_those_of_the_portfolio_or_of_the_learner() {
        let boost = made(r#"{"name": "slow", "like": "boost", "learning_rate": 0.01, "tree": {"leaves": 3}}"#).unwrap();
        assert_eq!((&boost["learning_rate"], &boost["tree"]["leaves"]), (&0.01.into(), &3.into()));
        assert_eq!(boost["tree"]["l2"], 1.0, "the rest of the tree is as it was");
        let near = made(r#"{"like": "knn", "k": 3}"#).unwrap();
        assert_eq!((&near["learner"], &near["of"]["k"]), (&"encoded".into(), &3.into()));
        let forest = made(r#"{"name": "f", "learner": "random_forest", "trees": 7}"#).unwrap();
        assert_eq!(forest["trees"], 7);
        let ordinal = made(r#"{"like": "linear", "encoder": {"encoder": "ordinal"}}"#).unwrap();
        assert_eq!(ordinal["encoder"]["encoder"], "ordinal");
        assert_eq!(made(r#"{"like": "linear", "encoder": "none"}"#).unwrap()["learner"], "ridge");
    }

    #[test]
    fn a_member_is_made_of_another_and_encoded_outside() {
        use consort_trees::adaboost::AdaBoost;
        let over = |name: &str| {
            let over = |base| Arc::new(AdaBoost { base: Some(base), ..AdaBoost::default() }) as Arc<dyn Learner>;
            told(&MemberRecipe::named(name).member_of(&data(), over).unwrap())
        };
        let tree = over("tree");
        assert_eq!((&tree["learner"], &tree["base"]["learner"]), (&"adaboost".into(), &"decision_tree".into()));
        let linear = over("linear");
        assert_eq!(linear["encoder"]["encoder"], "table");
        assert_eq!((&linear["of"]["learner"], &linear["of"]["base"]["learner"]), (&"adaboost".into(), &"ridge".into()));
    }

    #[test]
    fn what_is_not_known_is_named_with_the_member() {
        let refused = |text: &str, words: &[&str]| {
            let error = made(text).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        refused(r#"{"name": "slow", "like": "boost", "round": 9}"#, &["`slow`", "`round`", "`rounds`"]);
        refused(r#"{"name": "x", "learner": "magic"}"#, &["`x`", "magic", "random_forest"]);
        refused(r#"{"name": "x", "like": "boost", "learner": "random_forest"}"#, &["both"]);
        refused(r#"{"name": "x", "like": "linear", "encoder": "magic"}"#, &["magic", "none"]);
        refused(r#"{"name": "x", "like": "linear", "encoder": {"encoder": "magic"}}"#, &["encoder", "magic"]);
        refused(r#"{"name": "magic"}"#, &["magic", "boost"]);
        refused(r#"{"rounds": 3}"#, &["name"]);
        refused("3", &["3", "a name or a table"]);
    }
}
