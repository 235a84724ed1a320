//! Charts of model ensembles and the self-contained HTML report.
