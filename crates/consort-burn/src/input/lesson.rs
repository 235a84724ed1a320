use burn::tensor::{Device, Tensor, TensorData};
use consort_core::{Result, Stream};

use super::{Augment, Table};
use crate::network::Inputs;

/// Rows to learn from: inputs, targets, weights.
#[derive(Debug, Clone)]
pub(crate) struct Lesson<'a> {
    pub(crate) table: Table<'a>,
    /// `[row][target]`
    pub(crate) targets: Vec<f32>,
    pub(crate) width: usize,
    /// One a row, 1 on average; `None` where each counts 1.
    pub(crate) weights: Option<Vec<f32>>,
}

/// Some rows of a lesson, on a device.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) inputs: Inputs,
    pub(crate) targets: Tensor<2>,
    pub(crate) weights: Option<Tensor<1>>,
}

/// What some rows of a lesson are to answer, on a device.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) targets: Tensor<2>,
    pub(crate) weights: Option<Tensor<1>>,
}

impl Lesson<'_> {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Adds what is learnt from to a checksum: the rows, how they are scaled, targets and weights.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn sum(&self, to: &mut blake3::Hasher) -> Result<()> {
        let mut numbers = |numbers: &[f32]| {
            to.update(&(numbers.len() as u64).to_le_bytes());
            numbers.iter().for_each(|x| {
                to.update(&x.to_le_bytes());
            });
        };
        numbers(&self.targets);
        numbers(self.weights.as_deref().unwrap_or_default());
        self.table.sum(to)
    }

    /// Some rows on a device.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn batch(&self, rows: &[usize], device: &Device) -> Result<Batch> {
        Ok(self.batch_of(self.table.inputs(rows, 0, device)?, rows, device))
    }

    /// Some rows on a device, their images changed at random.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn augmented(&self, rows: &[usize], device: &Device, by: Augment, stream: &mut Stream) -> Result<Batch> {
        let inputs = self.table.changed(rows, 0, device, |image, row| by.change(image, row, stream))?;
        Ok(self.batch_of(inputs, rows, device))
    }

    fn batch_of(&self, inputs: Inputs, rows: &[usize], device: &Device) -> Batch {
        let Answers { targets, weights } = self.answers(rows, device);
        Batch { inputs, targets, weights }
    }

    /// What some rows are to answer: nothing of what they are asked is read.
    pub(crate) fn answers(&self, rows: &[usize], device: &Device) -> Answers {
        let mut targets = Vec::with_capacity(rows.len() * self.width);
        rows.iter().for_each(|&i| targets.extend_from_slice(&self.targets[i * self.width..(i + 1) * self.width]));
        let targets = Tensor::from_data(TensorData::new(targets, [rows.len(), self.width]), device);
        let weights = self.weights.as_ref().map(|weights| {
            let own: Vec<f32> = rows.iter().map(|&i| weights[i]).collect();
            Tensor::from_data(TensorData::new(own, [rows.len()]), device)
        });
        Answers { targets, weights }
    }

    /// What some rows weigh together.
    pub(crate) fn weight(&self, rows: &[usize]) -> f64 {
        match &self.weights {
            None => rows.len() as f64,
            Some(weights) => rows.iter().map(|&i| f64::from(weights[i])).sum(),
        }
    }
}

impl Batch {
    /// The mean over rows, each by its weight, divided by the number of rows: weights of a whole training part average
    /// 1, so that a batch of heavy rows moves the net further.
    pub(crate) fn mean(&self, rows: Tensor<1>) -> Tensor<1> {
        mean(rows, self.weights.as_ref())
    }
}

impl Answers {
    /// As that of a [`Batch`].
    pub(crate) fn mean(&self, rows: Tensor<1>) -> Tensor<1> {
        mean(rows, self.weights.as_ref())
    }
}

fn mean(rows: Tensor<1>, weights: Option<&Tensor<1>>) -> Tensor<1> {
    match weights {
        None => rows.mean(),
        Some(weights) => (rows * weights.clone()).mean(),
    }
}
