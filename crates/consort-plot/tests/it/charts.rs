use consort_plot::Theme;
use quick_xml::{Reader, events::Event};

use crate::gallery::{HOSTILE, all};

/// Parses it to the end; gives the names of the elements.
fn parse(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let mut names = Vec::new();
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap_or_else(|e| panic!("{e}: {svg}")) {
            Event::Start(tag) => {
                depth += 1;
                names.push(String::from_utf8(tag.name().as_ref().to_vec()).unwrap());
            }
            Event::Empty(tag) => names.push(String::from_utf8(tag.name().as_ref().to_vec()).unwrap()),
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    names
}

#[test]
fn every_chart_of_every_size_is_well_formed_and_has_no_number_that_is_none() {
    for (n, rows) in [(0, 0), (1, 0), (1, 1), (2, 1), (2, 50), (5, 2000), (13, 300), (60, 300), (200, 100)] {
        for figure in all(n, rows) {
            let svg = figure.inline();
            let names = parse(&svg);
            let what = format!("{} with {n} members and {rows} rows", figure.slug());
            for bad in ["NaN", "inf", "\"-0\"", "Infinity"] {
                assert!(!svg.contains(&format!("=\"{bad}")) && !svg.contains(&format!(" {bad}")), "{what}: {bad}");
            }
            let known = ["svg", "title", "desc", "g", "rect", "path", "line", "circle", "text"];
            assert!(names.iter().all(|name| known.contains(&name.as_str())), "{what}: {names:?}");
            assert!(!svg.contains("<script") && !svg.contains("<b>"), "{what} does not escape");
            assert!(!figure.json().contains("NaN"), "{what}");
            assert!(svg.len() < 600_000, "{what}: {} bytes", svg.len());
        }
    }
}

#[test]
fn a_chart_speaks_to_screen_readers_and_scales() {
    for figure in all(3, 100) {
        let svg = figure.inline();
        let id = figure.slug();
        assert!(svg.contains("viewBox=\"0 0 ") && svg.contains("role=\"img\""), "{id}");
        assert!(svg.contains(&format!("aria-labelledby=\"{id}-t {id}-d\"")), "{id}");
        assert!(
            svg.contains(&format!("<title id=\"{id}-t\">")) && svg.contains(&format!("<desc id=\"{id}-d\">")),
            "{id}"
        );
        let chart = figure.chart();
        assert!(!chart.svg().description().is_empty() && !chart.table().caption.is_empty(), "{id}");
        assert!(chart.table().rows.iter().all(|row| row.len() == chart.table().head.len()), "{id}");
    }
}

#[test]
fn a_file_of_one_theme_has_its_colours_and_loads_nothing() {
    for figure in all(3, 100) {
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            let svg = figure.file(theme);
            parse(&svg);
            assert_eq!(theme == Theme::Auto, svg.contains("var("), "{}", figure.slug());
            let rest = svg.replacen("http://www.w3.org/2000/svg", "", 1);
            assert!(!rest.contains("http") && !rest.contains("url("), "{}", figure.slug());
        }
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    for (a, b) in all(7, 500).iter().zip(all(7, 500)) {
        assert_eq!(a.inline(), b.inline());
        assert_eq!(a.json(), b.json());
    }
}

#[test]
fn a_name_with_markup_is_shown_as_it_is() {
    let svg = all(1, 1)[1].inline();
    assert!(svg.contains("&lt;b&gt;&amp;&quot;") && !svg.contains(HOSTILE), "{svg}");
}
