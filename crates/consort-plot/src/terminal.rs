//! Bars and sparklines of block characters, for terminals and logs.

/// A bar of `share` (0 to 1) of `width` characters, to an eighth of a character.
///
/// ```
/// assert_eq!(consort_plot::terminal::bar(0.5, 4), "██");
/// assert_eq!(consort_plot::terminal::bar(0.3125, 4), "█▎");
/// ```
pub fn bar(share: f64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * width as f64 * 8.0).round() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// The course of numbers in one line of at most `width` characters; more numbers are averaged, what is not finite is a gap.
///
/// ```
/// assert_eq!(consort_plot::terminal::sparkline(&[0.0, 1.0, 2.0, f64::NAN, 7.0], 10), "▁▂▃ █");
/// ```
pub fn sparkline(values: &[f64], width: usize) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let count = values.len().min(width.max(1));
    let parts: Vec<f64> = (0..count)
        .map(|i| {
            let part = &values[i * values.len() / count..(i + 1) * values.len() / count];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect();
    let finite = || parts.iter().copied().filter(|x| x.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let step = |x: f64| if high > low { ((x - low) / (high - low) * 7.0).round() as usize } else { 3 };
    parts.iter().map(|&x| if x.is_finite() { STEPS[step(x).min(7)] } else { ' ' }).collect()
}

/// About how many columns of a terminal a text takes: two for each wide East Asian character or emoji, none for marks
/// that join the letter before.
///
/// ```
/// assert_eq!(consort_plot::terminal::width_of("aé模"), 4);
/// ```
pub fn width_of(text: &str) -> usize {
    text.chars()
        .map(|c| match c as u32 {
            0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1faff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}
