//! A fusion rule of your own: the cautious mean, pulled towards equal probabilities where members disagree.

use std::error::Error;

use consort::{
    core::{Classes, Fusion, Gives, Ids, Matrix, Outputs, Predictions, Result},
    fusion::SavedFusion,
};
use serde::{Deserialize, Serialize};

/// The mean, moved towards 1/K by `pull` times the spread of the members.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cautious {
    pull: f32,
}

#[typetag::serde]
impl Fusion for Cautious {
    fn name(&self) -> String {
        "cautious".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let (members, columns) = (predictions.members().len(), predictions.columns());
        let mut out = Matrix::zeros(predictions.rows(), columns);
        for i in 0..predictions.rows() {
            let mut spread = 0.0f32;
            for k in 0..columns {
                let numbers = (0..members).map(|m| predictions.at(m, i, k));
                let mean = numbers.clone().sum::<f32>() / members as f32;
                spread = numbers.map(|x| (x - mean).abs()).fold(spread, f32::max);
                out.row_mut(i)[k] = mean;
            }
            let pull = (self.pull * spread).clamp(0.0, 1.0);
            out.row_mut(i).iter_mut().for_each(|p| *p = (1.0 - pull) * *p + pull / columns as f32);
        }
        Ok(out)
    }

    fn row_by_row(&self) -> bool {
        true
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let predictions =
        Predictions::builder(Outputs::Classes(Classes::new(["no", "yes"])?), Ids::from_texts(["r1", "r2"]))
            .member("a", Gives::Probabilities, &[0.9, 0.1, 0.9, 0.1])?
            .member("b", Gives::Probabilities, &[0.8, 0.2, 0.1, 0.9])?
            .build()?;
    let rule = Cautious { pull: 1.0 };
    // It is saved and read back like any rule of consort.
    let saved = SavedFusion::new(&predictions, Box::new(rule)).to_json()?;
    let fused = SavedFusion::from_json(&saved, "cautious.json")?.apply(&predictions)?;
    for i in 0..fused.rows() {
        println!("{}: {:?}", predictions.id(i), fused.row(i));
    }
    Ok(())
}
