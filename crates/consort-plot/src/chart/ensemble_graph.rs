use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Ink, SMALL, Stroke, TEXT, decimals, fit, notes, notes_height, number::number, text_width},
};

/// The ensemble itself: what goes into what, with the weights. Members to the left, the answer to the right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnsembleGraph {
    /// The models and fusions.
    pub nodes: Vec<GraphNode>,
    /// What goes into what.
    pub edges: Vec<GraphEdge>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A model, or a fusion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GraphNode {
    /// What it is called.
    pub name: String,
    /// How many steps from the data, from 0; the fusion comes last.
    pub layer: usize,
    /// Whether it puts others together.
    pub fusion: bool,
    /// Something to say under its name, such as its score.
    pub under: String,
}

/// One goes into the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// What goes in, by its place among the nodes.
    pub from: usize,
    /// What it goes into.
    pub to: usize,
    /// With what weight; `None` where there is no such number.
    pub weight: Option<f64>,
}

impl EnsembleGraph {
    /// The most nodes of a layer that are drawn; the others are one node together.
    const DRAWN: usize = 20;

    /// Members that go into one fusion, with their weights where it has such.
    ///
    /// ```
    /// use consort_plot::chart::EnsembleGraph;
    /// let graph = EnsembleGraph::flat(["forest", "boost"], "greedy selection", Some(&[0.25, 0.75]));
    /// assert_eq!((graph.nodes.len(), graph.edges[1].weight), (3, Some(0.75)));
    /// ```
    pub fn flat<S: Into<String>>(
        members: impl IntoIterator<Item = S>,
        fusion: impl Into<String>,
        weights: Option<&[f64]>,
    ) -> Self {
        Self::layered([members.into_iter().map(Into::into).collect()], fusion, weights)
    }

    /// Layers of members, each of which reads the layer before; the last goes into the fusion with its weights.
    ///
    /// ```
    /// use consort_plot::chart::EnsembleGraph;
    /// let layers = [vec!["a".to_string(), "b".into()], vec!["c".into()]];
    /// let graph = EnsembleGraph::layered(layers, "mean", None);
    /// assert_eq!((graph.nodes.len(), graph.edges.len()), (4, 3));
    /// ```
    pub fn layered(
        layers: impl IntoIterator<Item = Vec<String>>,
        fusion: impl Into<String>,
        weights: Option<&[f64]>,
    ) -> Self {
        let node = |name, layer, fusion| GraphNode { name, layer, fusion, under: String::new() };
        let mut graph = Self { nodes: Vec::new(), edges: Vec::new(), notes: Vec::new() };
        let mut before = 0..0;
        let mut depth = 0;
        for layer in layers {
            let start = graph.nodes.len();
            graph.nodes.extend(layer.into_iter().map(|name| node(name, depth, false)));
            for to in start..graph.nodes.len() {
                graph.edges.extend(before.clone().map(|from| GraphEdge { from, to, weight: None }));
            }
            before = start..graph.nodes.len();
            depth += 1;
        }
        let to = graph.nodes.len();
        graph.nodes.push(node(fusion.into(), depth, true));
        let weight = |place: usize| weights.and_then(|weights| weights.get(place).copied());
        graph.edges.extend(before.enumerate().map(|(place, from)| GraphEdge { from, to, weight: weight(place) }));
        graph
    }

    /// The weight with which a node goes on, for the order within a layer.
    fn heaviest(&self, node: usize) -> f64 {
        let out = self.edges.iter().filter(|edge| edge.from == node);
        out.map(|edge| edge.weight.map_or(0.0, f64::abs)).fold(0.0, f64::max)
    }

    /// The nodes of a layer, heaviest first: those drawn, and how many are not.
    fn layer(&self, layer: usize) -> (Vec<usize>, usize) {
        let mut nodes: Vec<usize> = (0..self.nodes.len()).filter(|&n| self.nodes[n].layer == layer).collect();
        nodes.sort_by(|&a, &b| self.heaviest(b).total_cmp(&self.heaviest(a)));
        let more = nodes.len().saturating_sub(Self::DRAWN);
        nodes.truncate(Self::DRAWN);
        (nodes, more)
    }

    fn depth(&self) -> usize {
        self.nodes.iter().map(|node| node.layer + 1).max().unwrap_or(0)
    }
}

impl Figure for EnsembleGraph {
    fn slug(&self) -> &'static str {
        "ensemble-graph"
    }

    fn title(&self) -> String {
        "The ensemble".into()
    }

    fn reading(&self) -> String {
        "What goes into what, from left to right. The thicker a line, the greater the weight; a dotted line has weight \
         0 and could be left out."
            .into()
    }

    fn description(&self) -> String {
        let fusions: Vec<String> = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.fusion)
            .map(|(n, node)| {
                let parts = self.edges.iter().filter(|edge| edge.to == n).count();
                format!("{} puts {parts} together", node.name)
            })
            .collect();
        format!("{} nodes in {} layers. {}.", self.nodes.len(), self.depth(), fusions.join("; "))
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        let more: usize = (0..self.depth()).map(|layer| self.layer(layer).1).sum();
        if more > 0 {
            said.push(format!(
                "{more} of {} with the least weights are drawn as one; the table has all.",
                self.nodes.len()
            ));
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 32.0;
        let depth = self.depth().max(1);
        let layers: Vec<(Vec<usize>, usize)> = (0..depth).map(|layer| self.layer(layer)).collect();
        let lines = layers.iter().map(|(nodes, more)| nodes.len() + usize::from(*more > 0)).max().unwrap_or(1).max(1);
        let bottom = 8.0 + ROW * lines as f64;
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 4.0 + notes_height(&said, WIDTH));
        let room = (WIDTH - 4.0) / depth as f64;
        let wide = (room - if depth > 3 { 26.0 } else { 54.0 }).min(150.0);
        let left = |layer: usize| {
            if depth == 1 { 2.0 } else { 2.0 + (WIDTH - 4.0 - wide) * layer as f64 / (depth - 1) as f64 }
        };
        let mut at = vec![None; self.nodes.len()];
        let mut rest = vec![None; depth];
        for (layer, (nodes, more)) in layers.iter().enumerate() {
            let slots = nodes.len() + usize::from(*more > 0);
            let top = (bottom - ROW * slots as f64) / 2.0 + ROW / 2.0;
            nodes.iter().enumerate().for_each(|(i, &n)| at[n] = Some((left(layer), top + ROW * i as f64)));
            if *more > 0 {
                rest[layer] = Some((left(layer), top + ROW * nodes.len() as f64, *more));
            }
        }
        let most = self.edges.iter().filter_map(|edge| edge.weight).fold(0.0f64, |most, w| most.max(w.abs()));
        for edge in &self.edges {
            let (Some(Some(from)), Some(Some(to))) = (at.get(edge.from), at.get(edge.to)) else { continue };
            let stroke = match edge.weight {
                Some(0.0) => Stroke::new(Ink::Muted, 1.0).dashed(Some("1 4")),
                Some(w) if w < 0.0 => Stroke::new(Ink::Bad, 1.0 + 5.0 * w.abs() / most).dashed(Some("6 3")),
                Some(w) => Stroke::new(Ink::Ensemble, 1.0 + 5.0 * w / most.max(1e-300)),
                None => Stroke::new(Ink::Muted, 1.0),
            };
            let name = |n: usize| self.nodes.get(n).map_or("?", |node| node.name.as_str());
            let weight = edge.weight.map_or_else(String::new, |w| format!(": weight {}", number(w)));
            let tip = format!("{} into {}{weight}", name(edge.from), name(edge.to));
            let (start, end) = ((from.0 + wide, from.1), (to.0, to.1));
            canvas.with_tip(&tip, |canvas| canvas.polyline(&bow(start, end), stroke));
        }
        for (n, node) in self.nodes.iter().enumerate() {
            let Some((x, y)) = at[n] else { continue };
            let edge = if node.fusion { Stroke::new(Ink::Ensemble, 2.0) } else { Stroke::new(Ink::Muted, 1.0) };
            let (corner, size) = ((x, y - 13.0), (wide, 26.0));
            let weight = self.edges.iter().find(|edge| edge.from == n).and_then(|edge| edge.weight);
            let number = weight.map_or_else(String::new, |w| decimals(w, 3));
            let taken = if number.is_empty() { 0.0 } else { text_width(&number, SMALL) + 6.0 };
            let tip = if node.under.is_empty() { node.name.clone() } else { format!("{}: {}", node.name, node.under) };
            canvas.with_tip(&tip, |canvas| {
                canvas.rect(corner, size, Ink::Paper);
                canvas.hollow(corner, size, edge);
                let name = fit(&node.name, TEXT, wide - 12.0 - taken);
                if node.fusion {
                    canvas.bold((x + 6.0, y + 4.5), &name, TEXT, Anchor::Start, Ink::Ensemble);
                } else {
                    canvas.text((x + 6.0, y + 4.5), &name, TEXT, Anchor::Start, Ink::Text);
                }
            });
            canvas.text((x + wide - 5.0, y + 4.5), &number, SMALL, Anchor::End, Ink::Muted);
        }
        for (x, y, more) in rest.into_iter().flatten() {
            canvas.hollow((x, y - 13.0), (wide, 26.0), Stroke::new(Ink::Muted, 1.0).dashed(Some("3 3")));
            canvas.text((x + 6.0, y + 4.5), &format!("and {more} more"), TEXT, Anchor::Start, Ink::Muted);
        }
        notes(&mut canvas, &said, bottom - 4.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new("What goes into what", ["from", "into", "weight"]);
        let mut order: Vec<&GraphEdge> = self.edges.iter().collect();
        order.sort_by(|a, b| b.weight.unwrap_or(0.0).abs().total_cmp(&a.weight.unwrap_or(0.0).abs()));
        for edge in order {
            let name = |n: usize| self.nodes.get(n).map_or_else(|| "?".to_owned(), |node| node.name.clone());
            table.push([name(edge.from), name(edge.to), edge.weight.map_or("—".into(), number)]);
        }
        table
    }
}

/// A smooth way from one point to the other that leaves and arrives level.
fn bow(from: (f64, f64), to: (f64, f64)) -> Vec<(f64, f64)> {
    (0..=16)
        .map(|i| {
            let t = f64::from(i) / 16.0;
            let rise = t * t * (3.0 - 2.0 * t);
            (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * rise)
        })
        .collect()
}
