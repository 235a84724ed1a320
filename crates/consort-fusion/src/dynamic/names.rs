use std::sync::Arc;

use consort_core::{Error, Result};

use super::{
    Behaviour, Competence, DesKnn, DesPerformance, DynamicSelection, Integration, KnoraEliminate, KnoraUnion,
    LocalAccuracy, LocalError, MetaDes, OutputProfiles, RandomisedReference,
};

/// The names of the competences, as [`by_name`] reads them.
pub const NAMES: [&str; 17] = [
    "knora-e",
    "knora-u",
    "ola",
    "lca",
    "mla",
    "mcb",
    "rank",
    "a-priori",
    "a-posteriori",
    "des-p",
    "des-knn",
    "knop",
    "meta-des",
    "rrc",
    "local-error",
    "local-error:select",
    "local-error:better",
];

/// A dynamic selection by name, such as `knora-e`, or with a number of neighbours, `knora-e:15`.
///
/// # Errors
/// [`Error::UnknownName`], [`Error::Parameter`] for a number of neighbours that is none.
///
/// ```
/// use consort_core::Fuser;
/// assert_eq!(consort_fusion::dynamic::by_name("ola:15")?.name(), "ola:15");
/// assert!(consort_fusion::dynamic::by_name("oracle").is_err());
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<DynamicSelection> {
    if let Some(competence) = competence(name) {
        return Ok(DynamicSelection::by(competence));
    }
    if let Some((name, count)) = name.rsplit_once(':')
        && let Some(competence) = competence(name)
    {
        let neighbours = count.parse().ok().filter(|&count: &usize| count > 0);
        let Some(neighbours) = neighbours else {
            return Err(Error::parameter("neighbours", count, "a whole number of at least 1"));
        };
        return Ok(DynamicSelection::by(competence).neighbours(neighbours));
    }
    Err(Error::UnknownName { what: "dynamic selection", name: name.into(), known: NAMES.join(", ") })
}

fn competence(name: &str) -> Option<Arc<dyn Competence>> {
    Some(match name {
        "knora-e" | "rank" => Arc::new(KnoraEliminate),
        "knora-u" => Arc::new(KnoraUnion),
        "ola" => Arc::new(LocalAccuracy::overall()),
        "lca" => Arc::new(LocalAccuracy::of_class()),
        "mla" => Arc::new(LocalAccuracy::modified()),
        "mcb" => Arc::new(Behaviour::default()),
        "a-priori" => Arc::new(LocalAccuracy::a_priori()),
        "a-posteriori" => Arc::new(LocalAccuracy::a_posteriori()),
        "des-p" => Arc::new(DesPerformance),
        "des-knn" => Arc::new(DesKnn::default()),
        "knop" => Arc::new(OutputProfiles::default()),
        "meta-des" => Arc::new(MetaDes::default()),
        "rrc" => Arc::new(RandomisedReference),
        "local-error" => Arc::new(LocalError::default()),
        "local-error:select" => Arc::new(LocalError { integration: Integration::Select }),
        "local-error:better" => Arc::new(LocalError { integration: Integration::WeighTheBetter }),
        _ => return None,
    })
}
