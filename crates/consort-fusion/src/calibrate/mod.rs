//! Maps fitted after a fusion, so that probabilities mean what they say.
