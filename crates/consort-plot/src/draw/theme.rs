use serde::{Deserialize, Serialize};

const LIGHT: &str = include_str!("../../assets/light.css");
const DARK: &str = include_str!("../../assets/dark.css");

/// Light or dark, or as the reader's system says. Print is always light.
///
/// The colours of series are of Okabe and Ito (2008), darkened on white until they have a contrast of 3 : 1 or
/// more; ramps rise evenly in lightness, so they read in grey and with every kind of colour vision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the reader's system says, by `prefers-color-scheme`.
    #[default]
    Auto,
    /// Dark ink on white.
    Light,
    /// Light ink on near-black.
    Dark,
}

impl Theme {
    /// The colours as CSS custom properties of `selector`.
    ///
    /// ```
    /// assert!(consort_plot::Theme::Auto.css(":root").contains("prefers-color-scheme: dark"));
    /// ```
    pub fn css(self, selector: &str) -> String {
        match self {
            Theme::Light => format!("{selector}{{color-scheme:light;{LIGHT}}}"),
            Theme::Dark => {
                format!(
                    "{selector}{{color-scheme:dark;{DARK}}}@media print{{{selector}{{color-scheme:light;{LIGHT}}}}}"
                )
            }
            Theme::Auto => format!(
                "{selector}{{color-scheme:light dark;{LIGHT}}}\
                 @media screen and (prefers-color-scheme: dark){{{selector}{{{DARK}}}}}"
            ),
        }
    }

    /// `text` with each `var(--name)` replaced by the colour itself, for viewers that know no custom properties.
    pub(crate) fn literal(self, text: &str) -> String {
        let colours = if self == Theme::Dark { DARK } else { LIGHT };
        let mut out = text.to_owned();
        for declaration in colours.split(';') {
            if let Some((name, colour)) = declaration.split_once(':') {
                out = out.replace(&format!("var({})", name.trim()), colour.trim());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_themes_name_the_same_colours_and_literal_text_has_no_variable_left() {
        let names = |css: &str| -> Vec<String> {
            css.split(';').filter_map(|part| Some(part.split_once(':')?.0.trim().to_owned())).collect()
        };
        assert_eq!(names(LIGHT), names(DARK));
        let text: String = names(LIGHT).iter().map(|name| format!("fill=\"var({name})\"")).collect();
        for theme in [Theme::Light, Theme::Dark] {
            assert!(!theme.literal(&text).contains("var("));
        }
    }
}
