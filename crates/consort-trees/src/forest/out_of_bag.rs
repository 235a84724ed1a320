use consort_core::{Dataset, Error, Estimates, Gives, Matrix, Metric, Result, Samples, Score, Truth};
use consort_split::Drawer;
use rayon::prelude::*;

use super::Forest;
use crate::model::Moved;

/// What the trees of a forest, or the members of another bag, say of the rows that they did not see (Breiman 1996, 2001).
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_trees::forest::RandomForest;
/// let x = Column::Numeric { name: "x".into(), values: (0..200).map(|i| i as f32).collect() };
/// let target = Target::from_values((0..200).map(|i| f64::from(i)).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(target)?;
/// let all = Samples::all(&data);
/// let forest = RandomForest::default().fit_forest(&all, &FitContext::new(Seed::new(1)))?;
/// let rmse = consort_metrics::registry::by_name("rmse")?;
/// let score = forest.out_of_bag(&all)?.score(&all, &*rmse)?;
/// assert!(score.value().is_some_and(|error| error < 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfBag {
    /// The rows of the data set that the members were fitted on, ascending, each once.
    pub rows: Vec<u32>,
    /// How many members did not see each of them.
    pub counts: Vec<u32>,
    /// What those members say together, `[rows][outputs]`; NaN where every member saw the row.
    pub predictions: Matrix,
    /// What the numbers mean.
    pub gives: Gives,
}

impl OutOfBag {
    /// The score of the rows that some member did not see. The samples are those of the fit.
    ///
    /// # Errors
    /// If the metric does not suit the target.
    pub fn score(&self, train: &Samples<'_>, metric: &dyn Metric) -> Result<Score> {
        let target = train.dataset().target_for("an out-of-bag score")?.take(&self.rows);
        let own = train.row_weights();
        let own = |row: u32| own.as_ref().map_or(1.0, |own| own[row as usize]);
        let weight = |(&row, &count): (&u32, &u32)| if count == 0 { 0.0 } else { own(row) };
        let weights: Vec<f64> = self.rows.iter().zip(&self.counts).map(weight).collect();
        if weights.iter().all(|&w| w == 0.0) {
            return Ok(Score::undefined("every member saw every row: fit more members"));
        }
        metric.score(&Estimates::matrix(&self.predictions, self.gives), &Truth::weighted(&target, &weights)?)
    }
}

/// So many trees are asked before their answers are added up: a bound on memory, and enough for the threads.
const TOGETHER: usize = 32;

impl Forest {
    /// The out-of-bag predictions of the samples that the forest was fitted on. What each tree saw is drawn again from
    /// its seed, so a saved forest needs no memory for it.
    ///
    /// # Errors
    /// If every tree saw all rows, or the samples are not those of the fit as far as their number and features tell.
    pub fn out_of_bag(&self, train: &Samples<'_>) -> Result<OutOfBag> {
        let drawer = self.out_of_bag_drawer(train)?;
        self.out_of_bag_on(train.dataset(), &drawer, None)
    }

    pub(super) fn out_of_bag_drawer(&self, train: &Samples<'_>) -> Result<Drawer> {
        if !self.recipe().draw.leaves_rows_out() {
            return Err(Error::Unsupported {
                by: self.recipe().by().into(),
                what: "out-of-bag estimates where each tree sees all rows".into(),
                hint: "fit with `draw` set to `bootstrap`, `subsample` or `balanced`".into(),
            });
        }
        let drawer = self.recipe().drawer(train)?;
        self.expect_rows(drawer.all_rows().len())?;
        Ok(drawer)
    }

    /// The out-of-bag predictions of the data set of the fit, with the values of one feature moved among its rows.
    pub(super) fn out_of_bag_on(&self, data: &Dataset, drawer: &Drawer, moved: Option<Moved<'_>>) -> Result<OutOfBag> {
        let (rows, outputs) = (drawer.all_rows(), self.outputs().len());
        let mut sums = vec![0.0f64; rows.len() * outputs];
        let mut counts = vec![0u32; rows.len()];
        let numbers: Vec<usize> = (0..self.trees().trees().len()).collect();
        for numbers in numbers.chunks(TOGETHER) {
            let answers = numbers
                .par_iter()
                .map(|&number| self.unseen(number, data, drawer, moved))
                .collect::<Result<Vec<_>>>()?;
            // In the order of the trees, so that threads change no bit.
            for (places, values) in &answers {
                for (&place, values) in places.iter().zip(values.chunks_exact(outputs)) {
                    counts[place as usize] += 1;
                    let sums = &mut sums[place as usize * outputs..(place as usize + 1) * outputs];
                    sums.iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
                }
            }
        }
        let mut predictions = Matrix::zeros(rows.len(), outputs);
        for (place, (row, sums)) in
            predictions.values_mut().chunks_exact_mut(outputs).zip(sums.chunks_exact(outputs)).enumerate()
        {
            // 0 / 0 is NaN: nobody was left to ask.
            row.iter_mut().zip(sums).for_each(|(x, sum)| *x = (sum / f64::from(counts[place])) as f32);
        }
        Ok(OutOfBag { rows: rows.to_vec(), counts, predictions, gives: self.gives() })
    }

    /// The places of the rows that a tree did not see, and what it says of them.
    fn unseen(
        &self,
        number: usize,
        data: &Dataset,
        drawer: &Drawer,
        moved: Option<Moved<'_>>,
    ) -> Result<(Vec<u32>, Vec<f64>)> {
        let (seen, _) = drawer.draw(self.seed().nth("tree", number as u64).child("rows"));
        let mut next = seen.iter().peekable();
        let (mut places, mut unseen) = (Vec::new(), Vec::new());
        for (place, &row) in (0..).zip(drawer.all_rows()) {
            // Both ascend.
            if next.next_if_eq(&&row).is_none() {
                places.push(place);
                unseen.push(row);
            }
        }
        let outputs = self.outputs().len();
        let mut values = vec![0.0; unseen.len() * outputs];
        self.trees().add_moved(&Samples::rows(data, &unseen)?, number..number + 1, &mut values, outputs, moved)?;
        Ok((places, values))
    }
}
