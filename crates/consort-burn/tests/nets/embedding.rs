//! Rows as a net sees them, as features of other learners.

use std::{path::PathBuf, sync::Arc};

use consort_burn::{
    architecture::{Architecture, Depth, LeNet5, Mlp, RankOneMlp, ResNet, Stem, TabularResNet},
    net::{Net, NetEmbedding},
    weights::Pretrained,
};
use consort_core::{
    Classes, Dataset, Encoder, Encoding, Features, FitContext, Learner, Matrix, Model, Samples, Seed, Target,
};
use consort_ensemble::{
    NamedLearner,
    encode::Encoded,
    portfolio,
    stack::{Meta, MetaInputs, Stacking},
};

use crate::tables::{accuracy, classes};

fn context() -> FitContext<'static> {
    FitContext { threads: 2, ..FitContext::new(Seed::new(5)) }
}

/// `x W + b` of a linear layer, whose weights are `[inputs][outputs]`.
fn linear(x: &Matrix, weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let outputs = bias.len();
    let one = |i: usize, k: usize| {
        let own = x.row(i).iter().enumerate().map(|(j, x)| f64::from(*x) * f64::from(weight[j * outputs + k]));
        (own.sum::<f64>() + f64::from(bias[k])) as f32
    };
    (0..x.rows()).flat_map(|i| (0..outputs).map(move |k| one(i, k))).collect()
}

fn pictures(rows: usize, side: usize) -> Dataset {
    let mut stream = Seed::new(9).stream();
    let codes: Vec<u32> = (0..rows).map(|_| stream.below(2) as u32).collect();
    let mut values = Vec::new();
    for &code in &codes {
        // A bright upper or lower half.
        for place in 0..side * side {
            let bright = u32::from(place < side * side / 2) == code;
            values.push(stream.unit() as f32 + if bright { 0.3 } else { 0.0 });
        }
    }
    let classes = Classes::new(["down", "up"]).unwrap();
    let features = Features::Dense { values, shape: vec![1, side, side] };
    Dataset::new(features).unwrap().with_target(Target::Classes { codes, classes }).unwrap()
}

#[test]
fn the_last_layer_makes_the_outputs_of_the_embedding() {
    let table = classes(200);
    let images = pictures(20, 16);
    let mlp = Mlp { hidden: vec![12, 7], ..Mlp::default() };
    let resnet = TabularResNet { blocks: 1, width: 9, hidden: 12, dropout: 0.1 };
    let small = ResNet { depth: Depth::D18, stem: Stem::Small, width: 2 };
    let cases: [(&Dataset, Arc<dyn Architecture>, &str, usize); 4] = [
        (&table, Arc::new(mlp), "layers.2", 7),
        (&table, Arc::new(resnet), "head", 9),
        (&images, Arc::new(LeNet5::default()), "fc3", 84),
        (&images, Arc::new(small), "fc", 16),
    ];
    for (data, architecture, last, units) in cases {
        let net = Net { epochs: 1, architecture, ..Net::default() };
        let all = Samples::all(data);
        let model = net.train(&all, &context()).unwrap();
        let (embedded, raw) = (model.embed(&all).unwrap(), model.raw(&all).unwrap());
        assert_eq!(embedded.columns(), units, "{last}");
        let weights = model.weights().unwrap();
        let layer = |name: &str| weights.layer(&format!("{last}.{name}")).unwrap().values.clone();
        let made = linear(&embedded, &layer("weight"), &layer("bias"));
        assert!(made.iter().zip(raw.values()).all(|(a, b)| (a - b).abs() < 1e-4), "{last}");
    }
    // Members that share a module are embedded by the first.
    let rank = RankOneMlp { hidden: vec![6], members: 2, ..RankOneMlp::default() };
    assert_eq!(rank.name(), "rank-one-mlp");
}

#[test]
fn a_net_from_a_file_embeds_without_a_look_at_the_target() {
    let resnet = ResNet { depth: Depth::D18, stem: Stem::Large, width: 2 };
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/resnet18.pt");
    let pretrained = Some(Pretrained { file, skip: vec!["fc".into()], ..Pretrained::default() });
    let embedding = NetEmbedding { net: Net { pretrained, ..Net::new(resnet) }, learns: false };
    let values: Vec<f32> = (0..6 * 3 * 16 * 16).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
    let data = |first: f64| {
        let target = Target::from_values((0..6).map(|i| first * f64::from(i)).collect(), "y").unwrap();
        let features = Features::Dense { values: values.clone(), shape: vec![3, 16, 16] };
        Dataset::new(features).unwrap().with_target(target).unwrap()
    };
    let of = |data: &Dataset| {
        let (encoding, train) = embedding.fit(&Samples::all(data), &context()).unwrap();
        let again = encoding.apply(&Samples::all(data)).unwrap();
        assert_eq!(again.features(), train.features());
        assert_eq!(train.target(), data.target());
        let back: Box<dyn Encoding> = serde_json::from_value(serde_json::to_value(&*encoding).unwrap()).unwrap();
        let few = back.apply(&Samples::rows(data, &[4, 1]).unwrap()).unwrap();
        let Features::Dense { values, shape } = train.features() else { unreachable!() };
        assert_eq!(shape, &[16]);
        let Features::Dense { values: few, .. } = few.features() else { unreachable!() };
        assert_eq!(few[..16], values[64..80]);
        values.clone()
    };
    assert_eq!(of(&data(1.0)), of(&data(-7.0)));
    let random = NetEmbedding { net: Net::new(resnet), learns: false };
    let error = random.fit(&Samples::all(&data(1.0)), &context()).unwrap_err().to_string();
    assert!(error.contains("random weights") && error.contains("pretrained"), "{error}");
}

#[test]
fn a_stack_reads_what_a_net_sees_beside_the_predictions_of_its_members() {
    let data = classes(900);
    let (learnt, asked): (Vec<u32>, Vec<u32>) = (0..900).partition(|i| i % 3 > 0);
    let (train, test) = (Samples::rows(&data, &learnt).unwrap(), Samples::rows(&data, &asked).unwrap());
    let net =
        Net { epochs: 15, batch: 32, learning_rate: 0.01, ..Net::new(Mlp { hidden: vec![24, 8], ..Mlp::default() }) };
    let embedding = NetEmbedding { net, learns: true };
    let by_name = |name: &str| portfolio::by_name(name, &data).unwrap();
    let logistic = || by_name("logistic").learner;
    let meta = || Some(Meta::Learner { learner: logistic(), inputs: MetaInputs::default() });
    let stack = || Stacking { meta: meta(), ..Stacking::greedy(vec![by_name("logistic")]) };
    let over = |stack: Stacking| {
        let stack: Box<dyn Learner> =
            serde_json::from_str(&serde_json::to_string(&stack as &dyn Learner).unwrap()).unwrap();
        let model = stack.fit(&train, &context()).unwrap();
        let said = model.predict(&test).unwrap();
        let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(back.predict(&test).unwrap().values(), said.values());
        accuracy(&test, &said)
    };
    let plain = over(stack());
    let with = over(stack().passthrough_encoded(embedding.clone()));
    assert!(with > plain + 0.05, "{with} with the embedding, {plain} without");
    // The same before a learner of its own.
    let seen = NamedLearner::new("seen", Encoded::new(Arc::new(embedding), logistic()));
    let alone = over(Stacking::greedy(vec![seen]));
    assert!(alone > plain, "{alone}");
}
