use std::fmt::Write;

use super::Theme;

/// What text is written in, the reader's own font first.
pub(super) const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// A finished drawing: shapes whose colours a theme decides, a title and a description for those who cannot see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg {
    width: f64,
    height: f64,
    title: String,
    description: String,
    body: String,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64, title: String, description: String, body: String) -> Self {
        Self { width, height, title, description, body }
    }

    /// What it is, in a few words.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it shows, in a sentence or two.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its natural width in CSS pixels.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Its natural height in CSS pixels.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The drawing as a part of a page that defines the colours ([`Theme::css`]). `id` must be unique in the page.
    pub fn to_inline(&self, id: &str) -> String {
        self.write(id, "", &self.body)
    }

    /// The drawing as a file of its own. With [`Theme::Light`] and [`Theme::Dark`] the colours are written out, so
    /// that any viewer shows them; with [`Theme::Auto`] the file follows the reader's system.
    ///
    /// ```
    /// use consort_plot::{Figure, Theme, chart::Weights};
    /// let weights = Weights::new(["forest", "boost"], &[0.3, 0.7]);
    /// let file = weights.draw().to_file(Theme::Dark);
    /// assert!(file.starts_with("<svg xmlns") && !file.contains("var("));
    /// ```
    pub fn to_file(&self, theme: Theme) -> String {
        let page = format!(r#"<rect width="{}" height="{}" fill="var(--paper)"/>"#, self.width, self.height);
        match theme {
            Theme::Auto => {
                let style = format!("<style>{}</style>{page}", theme.css("svg"));
                self.write("figure", &style, &self.body)
            }
            fixed => fixed.literal(&self.write("figure", &page, &self.body)),
        }
    }

    fn write(&self, id: &str, before: &str, body: &str) -> String {
        let (w, h) = (self.width, self.height);
        let mut out = String::with_capacity(body.len() + 600);
        let _ = write!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-labelledby="{id}-t {id}-d" font-family="{fonts}"><title id="{id}-t">{title}</title><desc id="{id}-d">{desc}</desc>{before}{body}</svg>"#,
            fonts = escape(FONTS),
            title = escape(&self.title),
            desc = escape(&self.description),
        );
        out
    }
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
