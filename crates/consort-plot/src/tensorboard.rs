//! Scalars as a TensorBoard event file, for those who look at training there.
//!
//! The file is a list of records in TensorFlow's framing: the length, its masked CRC-32C, the message, its masked
//! CRC-32C; each message an `Event` of protocol buffers. No library is needed for so little.

use crate::{
    chart::{ScorePath, TrainingCurves},
    report::{Leaderboard, Report},
};

/// An event file that is being written, in memory.
///
/// ```
/// use consort_plot::tensorboard::EventFile;
/// let mut events = EventFile::new(1_700_000_000.0);
/// events.scalar("loss/train", 1, 0.5);
/// assert_eq!(events.name(), "events.out.tfevents.1700000000.consort");
/// assert_eq!(&events.bytes()[..8], 24u64.to_le_bytes()); // the first record names the format
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EventFile {
    wall_time: f64,
    bytes: Vec<u8>,
}

impl EventFile {
    /// A file whose events happened at this time, in seconds since 1970.
    pub fn new(wall_time: f64) -> Self {
        let mut file = Self { wall_time, bytes: Vec::new() };
        let mut event = file.event(0);
        text(&mut event, 3, "brain.Event:2");
        file.record(&event);
        file
    }

    /// The name that TensorBoard looks for in a folder.
    pub fn name(&self) -> String {
        format!("events.out.tfevents.{:010}.consort", self.wall_time.max(0.0) as u64)
    }

    /// The file so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One number of a curve.
    pub fn scalar(&mut self, tag: &str, step: i64, value: f64) {
        let mut one = Vec::new();
        text(&mut one, 1, tag);
        one.push(2 << 3 | 5);
        one.extend((value as f32).to_le_bytes());
        let mut summary = Vec::new();
        field(&mut summary, 1, &one);
        let mut event = self.event(step);
        field(&mut event, 5, &summary);
        self.record(&event);
    }

    /// The losses of training runs by epoch: `LOSS_train/NAME` and `LOSS_valid/NAME`, such as `log_loss_valid/net 1`.
    ///
    /// ```
    /// use consort_plot::{chart::{TrainingCurves, TrainingRun}, tensorboard::EventFile};
    /// let run = TrainingRun { name: "net 1".into(), train: vec![0.7], valid: vec![0.8], snapshots: vec![] };
    /// let mut events = EventFile::new(0.0);
    /// events.training_curves(&TrainingCurves { loss: "loss".into(), unit: "epoch".into(), runs: vec![run], notes: vec![] });
    /// let written = |tag: &[u8]| events.bytes().windows(tag.len()).any(|part| part == tag);
    /// assert!(written(b"loss_train/net 1") && written(b"loss_valid/net 1"));
    /// ```
    pub fn training_curves(&mut self, curves: &TrainingCurves) {
        for run in &curves.runs {
            for (kind, losses) in [("train", &run.train), ("valid", &run.valid)] {
                for (epoch, &loss) in losses.iter().enumerate() {
                    self.scalar(&format!("{}_{kind}/{}", curves.loss, run.name), epoch as i64 + 1, loss);
                }
            }
        }
    }

    /// The score after each round of a selection: `fusion/METRIC`.
    pub fn score_path(&mut self, path: &ScorePath) {
        for (round, one) in path.rounds.iter().enumerate() {
            self.scalar(&format!("fusion/{}", path.metric), round as i64 + 1, one.score);
        }
    }

    /// The score of each model, at step 0: `METRIC/NAME`.
    pub fn leaderboard(&mut self, board: &Leaderboard) {
        for row in &board.rows {
            if let Some(score) = row.score.value() {
                self.scalar(&format!("{}/{}", board.metric, row.name), 0, score);
            }
        }
    }

    /// What of a report has steps or scores: leaderboard, selections, training curves.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::{report::{LeaderRow, Leaderboard, Report}, tensorboard::EventFile};
    /// let board = Leaderboard::new("auc", Direction::Higher, vec![LeaderRow::new("a", 0.9.into())]);
    /// let mut events = EventFile::new(0.0);
    /// events.report(&Report::new("t").leaderboard(board));
    /// assert!(events.bytes().windows(5).any(|part| part == b"auc/a"));
    /// ```
    pub fn report(&mut self, report: &Report) {
        if let Some(board) = &report.leaderboard {
            self.leaderboard(board);
        }
        for chart in &report.charts {
            // A chart in a report is its data: what is of another kind does not read as this one.
            match chart.slug {
                "score-path" => {
                    if let Ok(path) = serde_json::from_value(chart.data.clone()) {
                        self.score_path(&path);
                    }
                }
                "training-curves" => {
                    if let Ok(curves) = serde_json::from_value(chart.data.clone()) {
                        self.training_curves(&curves);
                    }
                }
                _ => {}
            }
        }
    }

    /// The beginning of an event.
    fn event(&self, step: i64) -> Vec<u8> {
        let mut event = vec![1 << 3 | 1];
        event.extend(self.wall_time.to_le_bytes());
        // Protocol buffers leave out what is 0.
        if step != 0 {
            event.push(2 << 3);
            varint(&mut event, step as u64);
        }
        event
    }

    fn record(&mut self, message: &[u8]) {
        let length = (message.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked(crc32c(&length)).to_le_bytes());
        self.bytes.extend(message);
        self.bytes.extend(masked(crc32c(message)).to_le_bytes());
    }
}

fn text(out: &mut Vec<u8>, number: u8, value: &str) {
    field(out, number, value.as_bytes());
}

fn field(out: &mut Vec<u8>, number: u8, value: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, value.len() as u64);
    out.extend(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A checksum of something that holds checksums would be weak: TensorFlow turns and shifts it.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli 1993).
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0u32, |crc, &byte| TABLE[(crc as u8 ^ byte) as usize] ^ (crc >> 8))
}

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn the_file_is_that_of_tensorboards_own_writer() {
        // tensorboard 2.21, EventFileWriter's RecordWriter over serialised Event messages: wall time 1700000000.25,
        // `loss/train` 0.5 at step 1, `größe` −2 at step 300, `loss/train` 0.25 at step 0.
        let expected = include_str!("../tests/data/events.hex").split_whitespace().collect::<String>();
        let mut events = EventFile::new(1_700_000_000.25);
        events.scalar("loss/train", 1, 0.5);
        events.scalar("größe", 300, -2.0);
        events.scalar("loss/train", 0, 0.25);
        let got: String = events.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(got, expected);
    }
}
