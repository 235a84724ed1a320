//! The command line: what can be asked, with examples. What it means is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Train, fuse, score and compare ensembles of models.
#[derive(Debug, Parser)]
#[command(name = "consort", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train an ensemble from a table, with an honest estimate and a report
    #[command(after_help = FIT_EXAMPLES)]
    Fit(Box<Fit>),
    /// Predict new rows with what `fit` made
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(Box<Predict>),
    /// Put what a run needs to predict into one file
    Bundle(Box<BundleRun>),
    /// Make one prediction of many, with an honest estimate of what that gains
    #[command(after_help = FUSE_EXAMPLES)]
    Fuse(Box<Fuse>),
    /// Score one or many prediction files against the truth
    #[command(after_help = EVALUATE_EXAMPLES)]
    Evaluate(Box<Evaluate>),
    /// Make a report to look at, of a run or of prediction files
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Box<Report>),
    /// Look for what is wrong with an ensemble, of a run or of prediction files
    #[command(after_help = DIAGNOSE_EXAMPLES)]
    Diagnose(Box<Diagnose>),
    /// Look at a run while it is made, in a browser on this machine
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(Box<Watch>),
    /// List, add, drop or replace members of a run; only the fusion is fitted anew
    #[command(after_help = MEMBERS_EXAMPLES)]
    Members(Box<Members>),
    /// Say which predictions are better than which, with intervals and tests
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(Box<Compare>),
    /// Split the rows of a table into folds, for training elsewhere
    #[command(after_help = SPLIT_EXAMPLES)]
    Split(Box<Split>),
}

const FUSE_EXAMPLES: &str = "\
Examples:
  consort fuse oof/*.csv --truth y.csv -o fused.csv --report report.html --save fusion.json
  consort fuse --with fusion.json test/*.csv -o test_fused.csv
  consort fuse a.csv b.parquet --rule geometric -o fused.parquet
  consort fuse rf=oof/forest.csv nn=oof/net.npy --truth y.csv --stack logistic -o fused.csv
  consort fuse --wide table.csv --target y --weights optimise -o fused.csv
  consort fuse oof/*.csv --truth visits.csv --group patient -o fused.csv

Prediction files are CSV, CSV.GZ, TSV, Parquet, IPC or NPY. They have an id column and either one `p_CLASS` column a
class, or `p` (binary), or `pred` (regression), or `label`. Rows are joined by id. See docs/formats.md.";

const FIT_EXAMPLES: &str = "\
Examples:
  consort fit train.csv --target y -o run
  consort fit train.parquet --target price --id key --members boost,forest,extra --method stack -o run
  consort fit visits.csv --target outcome --group patient --metric roc_auc --time-limit 10m -o run
  consort fit train.csv --target y --method bag --members tree,knn -o run
  consort fit --recipe recipe.toml --seed 7 -o run
  consort fit --resume run

The table is CSV, TSV (or gzipped), Parquet or IPC. Types, task, positive class, folds and members are judged from it, and said.
The run holds out-of-fold predictions, fitted models, the report and the bundle; what was stopped goes on with --resume.";

const PREDICT_EXAMPLES: &str = "\
Examples:
  consort predict run new.csv -o pred.csv
  consort predict bundle.consort new.parquet -o pred.parquet
  consort predict run new.csv --member net=new_net.csv -o pred.csv";

const EVALUATE_EXAMPLES: &str = "\
Examples:
  consort evaluate fused.csv --truth y.csv
  consort evaluate run test.csv
  consort evaluate oof/*.csv --truth y.csv --metrics log_loss,roc_auc,ece
  consort evaluate pred.csv --target y --weight w --json";

const REPORT_EXAMPLES: &str = "\
Examples:
  consort report run -o report.html
  consort report fused.csv oof/*.csv --truth y.csv -o report.html
  consort report run -o report.md
  consort report run --charts pictures --chart-format png --theme light
  consort report run --tensorboard logs";

const DIAGNOSE_EXAMPLES: &str = "\
Examples:
  consort diagnose run
  consort diagnose oof/*.csv --truth y.csv
  consort diagnose oof/*.csv --truth visits.csv --fold fold --group patient --time day
  consort diagnose run --json --fail-on warning

A run is looked at with its own fusion and folds, and with its table where that is as it was; files with a greedy
selection. Exit code: 0 done; 1 it could not be done, such as for a file that is not there or options that do not go with
what is looked at; 2 an option or its value is not known; 3 something as bad as --fail-on was found.";

const WATCH_EXAMPLES: &str = "\
Examples:
  consort watch run
  consort watch run --port 8080

The page is served to this machine alone (127.0.0.1), reads the folder of the run and nothing else, and ends with Ctrl-C.";

const MEMBERS_EXAMPLES: &str = "\
Examples:
  consort members run
  consort members run add net=oof/net.csv
  consort members run drop knn
  consort members run replace net=oof/net2.parquet

A file holds the member's out-of-fold predictions of the run's rows (run/truth.parquet names them; run/split.parquet has
the folds). To predict new rows, give its predictions of them: consort predict run new.csv --member net=new_net.csv";

const COMPARE_EXAMPLES: &str = "\
Examples:
  consort compare fused.csv oof/forest.csv oof/boost.csv --truth y.csv
  consort compare a.csv b.csv --truth y.csv --metric roc_auc --json
  consort compare a.csv b.csv --truth visits.csv --group patient";

const SPLIT_EXAMPLES: &str = "\
Examples:
  consort split train.csv --folds 5 --stratify label -o split.csv
  consort split train.parquet --folds 5 --group patient --repeats 3 --seed 7 -o split.parquet
  consort split sales.csv --folds 5 --time day --gap 7 -o split.csv";

/// Which files, and how they are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// A file that holds the truth
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// The column of the truth [default: y]
    #[arg(long, value_name = "COL")]
    pub(crate) target: Option<String>,
    /// The column that identifies a row
    #[arg(long, value_name = "COL", default_value = "id")]
    pub(crate) id: String,
    /// A column of row weights, beside the truth
    #[arg(long, value_name = "COL")]
    pub(crate) weight: Option<String>,
    /// A column beside the truth that says in which fold a row's out-of-fold predictions were made
    #[arg(long, value_name = "COL")]
    pub(crate) fold: Option<String>,
    /// The file is a wide one: an id and one column a member
    #[arg(long)]
    pub(crate) wide: bool,
    /// What the numbers mean [default: judged from the columns, and said]
    #[arg(long, value_enum)]
    pub(crate) inputs: Option<Inputs>,
    /// The kind of problem [default: judged from columns and truth, and said]
    #[arg(long, value_enum)]
    pub(crate) task: Option<TaskName>,
    /// The classes, in the order that binds [default: all that occur; numeric if all are numbers, else by bytes]
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) classes: Option<Vec<String>>,
    /// The positive class of a binary problem [default: the last]
    #[arg(long, value_name = "CLASS")]
    pub(crate) positive: Option<String>,
    /// What to do with a prediction that is missing
    #[arg(long, value_enum, default_value_t = MissingPolicy::Error)]
    pub(crate) missing: MissingPolicy,
    /// Whether all files must have the same ids, or the common ones are used
    #[arg(long, value_enum, default_value_t = JoinPolicy::Exact)]
    pub(crate) join: JoinPolicy,
    /// What a class that a member does not know counts for
    #[arg(long, value_enum, default_value_t = ClassesPolicy::Zero)]
    pub(crate) classes_missing: ClassesPolicy,
}

impl Reading {
    /// The first of these options that was given, where it says something: a run reads its files as it was told before.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--truth", self.truth.is_some()),
            ("--target", self.target.is_some()),
            ("--id", self.id != "id"),
            ("--weight", self.weight.is_some()),
            ("--fold", self.fold.is_some()),
            ("--wide", self.wide),
            ("--inputs", self.inputs.is_some()),
            ("--task", self.task.is_some()),
            ("--classes", self.classes.is_some()),
            ("--positive", self.positive.is_some()),
            ("--missing", !matches!(self.missing, MissingPolicy::Error)),
            ("--join", !matches!(self.join, JoinPolicy::Exact)),
            ("--classes-missing", !matches!(self.classes_missing, ClassesPolicy::Zero)),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}

/// How the program runs and talks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(crate) struct Running {
    /// Decides all that is random [default: 0]
    #[arg(long, global = true)]
    pub(crate) seed: Option<u64>,
    /// How many threads to use [default: all cores]; the result does not depend on it
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<usize>,
    /// Print one JSON object with all that was computed
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// The table (.csv, .csv.gz, .tsv, .parquet, .ipc); or pictures: a folder with a folder for each class, an IDX file, or a
    /// folder of IDX files
    #[arg(value_name = "DATA", conflicts_with = "resume")]
    pub(crate) data: Option<PathBuf>,
    /// The column to be predicted; pictures need none
    #[arg(long, value_name = "COL", conflicts_with = "resume")]
    pub(crate) target: Option<String>,
    /// The folder of the run, which must be new or empty
    #[arg(short, long, value_name = "RUN", required_unless_present = "resume", conflicts_with = "resume")]
    pub(crate) output: Option<PathBuf>,
    /// A TOML file of what is asked; options override it (docs/guide/fit.md)
    #[arg(long, value_name = "R.toml", conflicts_with = "resume")]
    pub(crate) recipe: Option<PathBuf>,
    /// Go on with a run that was stopped, as it was begun
    #[arg(long, value_name = "RUN", conflicts_with_all = ["id", "weight", "group", "time", "fold", "ignore", "task", "positive", "drop_missing_target", "missing_values", "categorical", "numeric", "infinite", "members", "method", "folds", "repeats", "layers", "metric", "time_limit", "keep_folds", "seed", "epochs", "device", "size"])]
    pub(crate) resume: Option<PathBuf>,
    /// The column that identifies a row [default: `id`, if it does]
    #[arg(long, value_name = "COL")]
    pub(crate) id: Option<String>,
    /// A column of row weights
    #[arg(long, value_name = "COL")]
    pub(crate) weight: Option<String>,
    /// Keep the rows of one group together
    #[arg(long, value_name = "COL")]
    pub(crate) group: Option<String>,
    /// Learn from the past and test on the future, in the order of this column
    #[arg(long, value_name = "COL", conflicts_with = "group")]
    pub(crate) time: Option<String>,
    /// Folds that exist already: each label is tested by models of the others
    /// (with --group or --time, they are checked by these)
    #[arg(long, value_name = "COL")]
    pub(crate) fold: Option<String>,
    /// Columns that are not to be used
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// The kind of problem [default: judged from the target, and said]
    #[arg(long, value_enum)]
    pub(crate) task: Option<TaskName>,
    /// The positive class of a binary problem [default: the last]
    #[arg(long, value_name = "CLASS")]
    pub(crate) positive: Option<String>,
    /// Leave out rows without a target instead of refusing them
    #[arg(long)]
    pub(crate) drop_missing_target: bool,
    /// Texts and numbers that mean a missing value, in any column, beside NA, NaN, NULL and their like
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) missing_values: Vec<String>,
    /// Columns that are categories, such as codes made of figures
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) categorical: Vec<String>,
    /// Columns that are numbers, even if they look like codes or ids
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) numeric: Vec<String>,
    /// What to do with features that are infinite, or beyond 3.4e38 [default: error]; new rows are read the same way
    #[arg(long, value_enum)]
    pub(crate) infinite: Option<InfinitePolicy>,
    /// Which members [default: auto, those that suit the data]: names such as
    /// linear,logistic,gnb,knn,svm,tree,forest,extra,boost,boost-deep,adaboost, or those of the recipe
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) members: Option<Vec<String>>,
    /// How their predictions become one [default: auto]
    #[arg(long, value_enum)]
    pub(crate) method: Option<Method>,
    /// How many folds [default: 5, or as many as the rows allow]; with --method blend, one K-th of the rows is held out
    #[arg(long, value_name = "K")]
    pub(crate) folds: Option<u32>,
    /// Draw the folds so many times [default: 1]; with --method bag, how many draws of the rows [default: 50; of nets 10]
    #[arg(long, value_name = "N")]
    pub(crate) repeats: Option<u32>,
    /// Layers of members [default: 1]; each above the first reads the predictions below and the features
    #[arg(long, value_name = "N")]
    pub(crate) layers: Option<u32>,
    /// What is optimised and judged [default: log_loss, or rmse for numbers]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// How many epochs nets learn [default: judged from the rows]; with --method snapshot, those of one cycle
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Where nets learn: cpu, cuda:0, wgpu, or auto, a GPU if there is one [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<String>,
    /// To how many pixels pictures are made, such as 64 or 48x64 [default: as the first one]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) size: Option<String>,
    /// Leave out members that cannot be fitted within this time, such as 90s, 10m, 1.5h
    #[arg(long, value_name = "TIME")]
    pub(crate) time_limit: Option<String>,
    /// Predict with the mean of the models of all folds instead of one fitted on all rows
    #[arg(long)]
    pub(crate) keep_folds: bool,
    /// Fit the run three times more, with a shuffled target, to see that nothing leaks: its estimate must fall to chance
    #[arg(long)]
    pub(crate) probe: bool,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// How the members' predictions become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// As greedy; or as stack, where that is clearly better on rows not seen
    Auto,
    /// Weights by greedy selection on out-of-fold predictions; for classes, then one temperature
    Greedy,
    /// A linear or logistic model on out-of-fold predictions
    Stack,
    /// Weights fitted on one part of the rows that members do not see
    Blend,
    /// The class that most members choose (numbers: their mean)
    Vote,
    /// The mean of the members
    Average,
    /// A bag of trees, or of each member that is named: fitted on draws of the rows, told by the rows left out
    Bag,
    /// AdaBoost of small trees, or over each member that is named
    Adaboost,
    /// Gradient boosting of trees, or of each member that is named
    Boost,
    /// Nets: members from one run whose rate falls and rises, in the place of each member
    Snapshot,
    /// Nets: trained together on the mean of what they say
    Joint,
    /// Nets: after a run, short cycles with a member each
    Fge,
    /// Nets: one net, the mean of the weights of several epochs
    Swa,
    /// Nets: one net, the mean of nets that went on from one start
    Soup,
    /// Nets: trained together and rewarded for differing
    Ncl,
    /// Nets: each learns what those before it lack
    BoostNets,
    /// Nets: the same, all at once
    SoftBoost,
    /// Nets: they also learn from rows moved against them
    Adversarial,
    /// Nets: one net, asked several times with units left out
    McDropout,
    /// Nets: MLPs that share their weights but for a factor each
    BatchEnsemble,
}

impl Method {
    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it is a way of training nets, and so is asked for with nets as members.
    pub(crate) fn trains_nets(self) -> bool {
        use Method::{
            Adversarial, BatchEnsemble, BoostNets, Fge, Joint, McDropout, Ncl, Snapshot, SoftBoost, Soup, Swa,
        };
        matches!(
            self,
            Snapshot | Joint | Fge | Swa | Soup | Ncl | BoostNets | SoftBoost | Adversarial | McDropout | BatchEnsemble
        )
    }
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The run, or its bundle
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The table of new rows
    #[arg(value_name = "NEW")]
    pub(crate) data: PathBuf,
    /// Where the predictions go (.csv, .csv.gz, .parquet)
    #[arg(short, long, value_name = "PRED")]
    pub(crate) output: PathBuf,
    /// The predictions of these rows by a foreign member of the run
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) member: Vec<String>,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct BundleRun {
    /// The run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Fuse {
    /// Prediction files, one a member; NAME=FILE renames, else the name is the file's stem
    #[arg(value_name = "MEMBER", required_unless_present = "rule")]
    pub(crate) members: Vec<String>,
    /// Where the fused prediction goes (.csv, .csv.gz, .parquet)
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,

    /// Apply a saved fusion to new rows
    #[arg(long, value_name = "FUSION.json", conflicts_with_all = ["rule", "select", "weights", "stack", "calibrate", "rounds", "folds", "repeats", "save"])]
    pub(crate) with: Option<PathBuf>,
    /// A rule, such as mean, vote, geometric, median; `--rule list` lists them
    #[arg(long, group = "method")]
    pub(crate) rule: Option<String>,
    /// Select members: greedy (the default where there is a truth), best, or top:K; for each row anew by knora-e, knora-u, ola, des-p, meta-des, …
    #[arg(long, group = "method")]
    pub(crate) select: Option<String>,
    /// Fit weights: optimise, nnls, per-class, or score
    #[arg(long, group = "method")]
    pub(crate) weights: Option<String>,
    /// Fit a meta-learner on the members: linear or logistic
    #[arg(long, group = "method")]
    pub(crate) stack: Option<String>,
    /// A file of member weights (`model,weight`) for the rule
    #[arg(long, value_name = "FILE", requires = "rule")]
    pub(crate) member_weights: Option<PathBuf>,
    /// Fit a calibration after the fusion: platt, isotonic, beta, temperature, smoothed-temperature, vector or venn-abers
    #[arg(long, value_name = "MAP")]
    pub(crate) calibrate: Option<String>,
    /// What is optimised and judged [default: log_loss, or rmse for regression; with --with, that of the fit]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// Rounds of the greedy selection
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) rounds: usize,
    /// Where rules and greedy selection run: cpu, cuda (cuda:1 is the second), wgpu, or auto: a GPU if there is one
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: String,
    /// A column beside the truth: rows of one group stay together in folds and in intervals
    #[arg(long, value_name = "COL")]
    pub(crate) group: Option<String>,
    /// Folds of the honest estimate [default: those of --fold, else 5]
    #[arg(long, value_name = "K")]
    pub(crate) folds: Option<usize>,
    /// Repeats of the honest estimate
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) repeats: usize,
    /// Write a report to look at (.html, .md, .json, .txt)
    #[arg(long, value_name = "R.html")]
    pub(crate) report: Option<PathBuf>,
    /// Save the fitted fusion, for `--with`
    #[arg(long, value_name = "FUSION.json")]
    pub(crate) save: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// Prediction files (NAME=FILE renames); or a run of `fit` and a table whose target is known
    #[arg(value_name = "PRED", required_unless_present = "metrics")]
    pub(crate) predictions: Vec<String>,
    /// Which metrics [default: those usual for the task]; `--metrics list` lists them
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) metrics: Option<Vec<String>>,
    /// The predictions of the table's rows by a foreign member of the run
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) member: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// A run of `fit`, or prediction files (NAME=FILE renames)
    #[arg(value_name = "RUN|PRED", required = true)]
    pub(crate) subjects: Vec<String>,
    /// Where the report goes (.html, .md, .json, .txt)
    #[arg(short, long, value_name = "R.html", required_unless_present_any = ["charts", "tensorboard"])]
    pub(crate) output: Option<PathBuf>,
    /// What the report is written as [default: by the ending of -o; html without one]
    #[arg(long, value_enum, requires = "output")]
    pub(crate) format: Option<PageFormat>,
    /// A folder for each chart as a file of its own
    #[arg(long, value_name = "FOLDER")]
    pub(crate) charts: Option<PathBuf>,
    /// What those charts are written as
    #[arg(long, value_enum, default_value_t = ChartFormat::Svg, requires = "charts")]
    pub(crate) chart_format: ChartFormat,
    /// Light or dark [default: auto, as the reader's system says; pictures are light]
    #[arg(long, value_enum, default_value_t = Theme::Auto)]
    pub(crate) theme: Theme,
    /// A folder for the scores and the rounds of the selection as a TensorBoard event file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tensorboard: Option<PathBuf>,
    /// What is judged [default: that of the run; log_loss, or rmse for regression]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// A page that needs nothing else
    Html,
    /// Verdict and leaderboard for a README or a pull request
    Md,
    /// All that it holds, charts as data
    Json,
    /// Plain text
    Text,
}

/// What a chart is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChartFormat {
    /// Drawings whose text stays text
    Svg,
    /// Pictures
    Png,
    /// The data, for those who draw themselves
    Json,
}

/// The colours of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Theme {
    /// As the reader's system says
    Auto,
    Light,
    Dark,
}

#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// A run of `fit`, or prediction files (NAME=FILE renames)
    #[arg(value_name = "RUN|PRED", required = true)]
    pub(crate) subjects: Vec<String>,
    /// What is to be good [default: that of the run; log_loss, or rmse for regression]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// A column beside the truth: rows of one group should be in one fold (with --fold)
    #[arg(long, value_name = "COL")]
    pub(crate) group: Option<String>,
    /// A column beside the truth: when each row happened, as numbers or as texts in the order of time (with --fold)
    #[arg(long, value_name = "COL")]
    pub(crate) time: Option<String>,
    /// Exit with code 3 if something as bad as this was found
    #[arg(long, value_enum, value_name = "HOW BAD")]
    pub(crate) fail_on: Option<HowBad>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The folder of the run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The port of 127.0.0.1 [default: one that is free]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// Say the address as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum HowBad {
    /// Anything at all
    Note,
    /// Worth mending
    Warning,
    /// The scores cannot be believed, or the ensemble is worse than it need be
    Fault,
}

#[derive(Debug, Args)]
pub(crate) struct Members {
    /// The run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    #[command(subcommand)]
    pub(crate) change: Option<Change>,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// What is changed about the members of a run.
#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Say who is in the ensemble, with score, weight, times and size
    List,
    /// Join in predictions that were made elsewhere
    Add {
        /// A name and a file of out-of-fold predictions
        #[arg(value_name = "NAME=FILE", required = true)]
        members: Vec<String>,
    },
    /// Take members out, with all that was fitted of them
    Drop {
        /// The members
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Take the predictions of a file in a member's place
    Replace {
        /// The member, and a file of out-of-fold predictions
        #[arg(value_name = "NAME=FILE", required = true)]
        members: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Two or more prediction files; NAME=FILE renames
    #[arg(value_name = "PRED", required = true)]
    pub(crate) predictions: Vec<String>,
    /// What is compared [default: log_loss, or rmse for regression]
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// A column beside the truth: the bootstrap draws whole groups
    #[arg(long, value_name = "COL")]
    pub(crate) group: Option<String>,
    /// Bootstrap resamples
    #[arg(long, default_value_t = 2000, value_name = "N")]
    pub(crate) resamples: usize,
    /// The confidence of the intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) confidence: f64,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Split {
    /// The table (.csv, .csv.gz, .parquet)
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,
    /// Where the split goes (.csv, .parquet): row id, repeat, fold
    #[arg(short, long, value_name = "SPLIT")]
    pub(crate) output: Option<PathBuf>,
    /// How many folds [default: 5, or as many as the rows allow]
    #[arg(long, value_name = "K")]
    pub(crate) folds: Option<usize>,
    /// Keep the shares of the classes (or of the bins of a number) in this column the same in every fold
    #[arg(long, value_name = "COL")]
    pub(crate) stratify: Option<String>,
    /// Keep the rows of one group together
    #[arg(long, value_name = "COL")]
    pub(crate) group: Option<String>,
    /// Train on the past and test on the future, in the order of this column
    #[arg(long, value_name = "COL", conflicts_with_all = ["stratify", "group"])]
    pub(crate) time: Option<String>,
    /// Fold labels that exist already
    #[arg(long, value_name = "COL", conflicts_with_all = ["stratify", "group", "time", "repeats"])]
    pub(crate) predefined: Option<String>,
    /// Repeat the whole split, shuffled anew
    #[arg(long, default_value_t = 1, value_name = "N", conflicts_with_all = ["time", "no_shuffle"])]
    pub(crate) repeats: usize,
    /// Leave the rows in their order instead of shuffling them
    #[arg(long)]
    pub(crate) no_shuffle: bool,
    /// Times of each test block, with --time; rows of one time stay together and count once
    #[arg(long, value_name = "TIMES", requires = "time")]
    pub(crate) test_size: Option<usize>,
    /// Times left out between training and test, with --time
    #[arg(long, value_name = "TIMES", requires = "time")]
    pub(crate) gap: Option<usize>,
    /// The most times to train on, the latest being kept, with --time
    #[arg(long, value_name = "TIMES", requires = "time")]
    pub(crate) max_train_size: Option<usize>,
    /// The column that identifies a row [default: id if there is one, else the row number]
    #[arg(long, value_name = "COL")]
    pub(crate) id: Option<String>,
    /// Draw which rows each fit sees (.svg, .png, or .json for the data)
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) running: Running,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Inputs {
    Probabilities,
    Logits,
    Labels,
    Scores,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TaskName {
    Binary,
    Multiclass,
    /// Binary or multiclass, by the classes that occur
    Classification,
    Regression,
}

/// What is done with features that are infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InfinitePolicy {
    /// Refuse them, naming row and column
    Error,
    /// Read them as missing
    Missing,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MissingPolicy {
    /// Refuse it, naming row and member
    Error,
    /// Leave that member out of that row and renormalise the weights of the others
    Available,
    /// The fused row is missing too
    Propagate,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum JoinPolicy {
    /// All files must have the same ids
    Exact,
    /// The ids that all files have
    Inner,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ClassesPolicy {
    /// Its probability is 0
    Zero,
    /// Each class is averaged over the members that know it
    KnownOnly,
}
