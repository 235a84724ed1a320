use std::collections::HashMap;

use consort_core::{Error, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its name: the path through the module, such as `layers.0.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, the last axis fastest.
    pub values: Vec<f32>,
}

/// All weights and running statistics of a network, on the host. Saved, they are a safetensors file.
///
/// ```
/// use consort_burn::weights::{Layer, Weights};
/// let of = |x: f32| Weights::new(vec![Layer { name: "w".into(), shape: vec![2], values: vec![x, 1.0] }]);
/// let mean = Weights::mean(&[of(1.0), of(3.0)])?;
/// assert_eq!(mean.layers()[0].values, [2.0, 1.0]);
/// assert_eq!(Weights::from_bytes(&mean.to_bytes()?)?, mean);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    layers: Vec<Layer>,
    places: HashMap<String, usize>,
}

impl Weights {
    /// These layers; of two of one name, the first is found by it.
    pub fn new(layers: Vec<Layer>) -> Self {
        let mut places = HashMap::new();
        for (i, layer) in layers.iter().enumerate() {
            places.entry(layer.name.clone()).or_insert(i);
        }
        Self { layers, places }
    }

    /// The layers, in the order of the module.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layer of a name.
    pub fn layer(&self, name: &str) -> Option<&Layer> {
        self.places.get(name).map(|&i| &self.layers[i])
    }

    /// The mean of several sets of weights, name by name, summed in f64.
    ///
    /// # Errors
    /// [`Error::Empty`] without one; [`Error::Length`] if they are of different networks.
    pub fn mean(of: &[Weights]) -> Result<Weights> {
        let Some(first) = of.first() else {
            return Err(Error::Empty { what: "the list of weights".into(), hint: "give at least one".into() });
        };
        let mut mean = first.clone();
        for layer in &mut mean.layers {
            let mut sums = vec![0.0f64; layer.values.len()];
            for weights in of {
                let other = weights.layer(&layer.name).filter(|other| other.shape == layer.shape);
                let other = other.ok_or_else(|| Error::Length {
                    what: format!("the weights of `{}`", layer.name),
                    got: weights.layer(&layer.name).map_or(0, |other| other.values.len()),
                    expected: layer.values.len(),
                    unit: "numbers",
                    hint: "only weights of equal networks have a mean".into(),
                })?;
                sums.iter_mut().zip(&other.values).for_each(|(sum, &x)| *sum += f64::from(x));
            }
            let count = of.len() as f64;
            layer.values.iter_mut().zip(sums).for_each(|(to, sum)| *to = (sum / count) as f32);
        }
        Ok(mean)
    }

    /// The weights as a safetensors file.
    ///
    /// # Errors
    /// If two layers share a name.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let bytes: Vec<Vec<u8>> =
            self.layers.iter().map(|layer| layer.values.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (i, (layer, bytes)) in self.layers.iter().zip(&bytes).enumerate() {
            if self.places.get(&layer.name) != Some(&i) {
                return Err(Error::DuplicateName { what: "layer", name: layer.name.clone() });
            }
            views.push((&layer.name, TensorView::new(Dtype::F32, layer.shape.clone(), bytes).map_err(Error::custom)?));
        }
        safetensors::serialize(views, None).map_err(Error::custom)
    }

    /// Weights out of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Damaged`] unless it is whole and holds 32-bit floats.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |problem: String| Error::Damaged { place: "the weights".into(), problem };
        let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
        let mut layers = Vec::with_capacity(file.len());
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(damaged(format!("`{name}` holds {:?} instead of 32-bit floats", view.dtype())));
            }
            let numbers = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            layers.push(Layer { name: name.to_owned(), shape: view.shape().to_vec(), values: numbers.collect() });
        }
        layers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self::new(layers))
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_bytes().map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> de::Visitor<'de> for Bytes {
            type Value = Weights;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the bytes of a safetensors file")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Weights, E> {
                Weights::from_bytes(bytes).map_err(E::custom)
            }

            // Text formats have no bytes and hold a list of numbers.
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Weights, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element::<u8>()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Weights {
        Weights::new(vec![
            Layer { name: "a.weight".into(), shape: vec![2, 2], values: vec![1.0, -2.5, 3.0, f32::MIN_POSITIVE] },
            Layer { name: "a.bias".into(), shape: vec![2], values: vec![0.1, 0.2] },
        ])
    }

    #[test]
    fn they_survive_text_and_bytes() {
        let text = serde_json::to_string(&weights()).unwrap();
        let back: Weights = serde_json::from_str(&text).unwrap();
        assert_eq!(back.layer("a.weight"), weights().layer("a.weight"));
        assert_eq!(back.layer("a.bias"), weights().layer("a.bias"));
    }

    #[test]
    fn what_is_no_whole_file_is_refused() {
        let bytes = weights().to_bytes().unwrap();
        for end in [0, 4, 8, 40, bytes.len() - 1] {
            assert!(matches!(Weights::from_bytes(&bytes[..end]), Err(Error::Damaged { .. })), "{end}");
        }
        let mut huge = bytes.clone();
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(Weights::from_bytes(&huge).is_err());
    }

    #[test]
    fn weights_of_other_networks_have_no_mean() {
        let other = Weights::new(vec![Layer { name: "b".into(), shape: vec![1], values: vec![1.0] }]);
        assert!(Weights::mean(&[weights(), other]).unwrap_err().to_string().contains("a.weight"));
        assert!(Weights::mean(&[]).is_err());
    }
}
