//! Recipes and models are data.

use serde_json::Value;

use super::{super::Broken, contracts::School, trial::Trial};
use crate::{Learner, Matrix, Model};

impl Trial<'_> {
    /// Serde round-trips recipe and model, and a recipe with a field that nothing knows is refused.
    pub(super) fn saving(&self, school: &School<'_>, model: &dyn Model, predicted: &Matrix) -> Result<(), Broken> {
        let contract = "serde round-trips the recipe";
        let broken = |error: serde_json::Error| self.broken(contract, error);
        let saved = serde_json::to_string(self.learner).map_err(broken)?;
        let copy: Box<dyn Learner> = serde_json::from_str(&saved).map_err(broken)?;
        let again = serde_json::to_string(&*copy).map_err(broken)?;
        self.ensure(again == saved, contract, format!("{saved} becomes {again}"))?;
        self.ensure(copy.name() == self.learner.name(), contract, format!("its name becomes {}", copy.name()))?;
        let trial = Trial { learner: &*copy, subject: self.subject.clone(), ..*self };
        self.same(contract, predicted, &trial.run(&school.train, &school.test)?, 0.0)?;

        let recipe: Value = serde_json::from_str(&saved).map_err(broken)?;
        for (place, unknown) in with_unknown_field(&recipe) {
            let read: Result<Box<dyn Learner>, _> = serde_json::from_value(unknown);
            self.ensure(read.is_err(), "a field that it does not know is refused", format!("in {place}"))?;
        }

        let contract = "serde round-trips the model";
        let broken = |error: serde_json::Error| self.broken(contract, error);
        let saved = serde_json::to_string(model).map_err(broken)?;
        let copy: Box<dyn Model> = serde_json::from_str(&saved).map_err(broken)?;
        self.same(contract, predicted, &self.predict(&*copy, &school.test)?, 0.0)
    }
}

/// The recipe with a field more, at the top and in each part that has fields; and where that is.
fn with_unknown_field(recipe: &Value) -> Vec<(String, Value)> {
    let Value::Object(fields) = recipe else { return Vec::new() };
    let mut more = fields.clone();
    more.insert("a field that nothing knows".into(), 1.into());
    let mut all = vec![("the recipe".to_owned(), Value::Object(more))];
    for (name, part) in fields {
        // An empty part may be a map, to which any name may be added.
        if part.as_object().is_some_and(|part| !part.is_empty()) {
            for (place, changed) in with_unknown_field(part) {
                let mut whole = fields.clone();
                whole.insert(name.clone(), changed);
                all.push((format!("`{name}` of {place}"), Value::Object(whole)));
            }
        }
    }
    all
}
