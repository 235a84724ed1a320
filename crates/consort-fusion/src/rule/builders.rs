//! The builder methods that most rules have, written once.

/// `with_weights`.
macro_rules! with_weights {
    () => {
        /// With one weight a member, in the order of the members.
        pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
            self.weights = Some(weights);
            self
        }
    };
}

/// `raw`.
macro_rules! raw {
    () => {
        /// With rows left as the formula gives them.
        pub fn raw(mut self) -> Self {
            self.raw = true;
            self
        }
    };
}

/// The name of a rule, and whether it is raw.
macro_rules! named {
    ($name:expr, $raw:expr) => {
        if $raw {
            let name = $name.to_string();
            format!("{name}{}raw", if name.contains(':') { ',' } else { ':' })
        } else {
            $name.to_string()
        }
    };
}

/// The weights of a rule, with a sum of 1.
macro_rules! shares {
    ($rule:ident) => {
        $rule.weights.as_ref().map(|weights| {
            let total: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / total).collect()
        })
    };
}
