//! The numbers by which an optimizer knows the tensors of a module.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::Tensor,
};
use consort_core::{Error, Result};

/// Those of a module, in the order of its tensors.
pub(crate) fn ids<M: Module>(module: &M) -> Vec<u64> {
    struct Reader(Vec<u64>);
    impl ModuleVisitor for Reader {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id.val());
        }
    }
    let mut reader = Reader(Vec::new());
    module.visit(&mut reader);
    reader.0
}

/// The module with other numbers.
///
/// # Errors
/// [`Error::Damaged`] if they are not as many as its tensors.
pub(crate) fn renumbered<M: Module>(module: M, to: &[u64]) -> Result<M> {
    struct Writer<'a>(std::slice::Iter<'a, u64>);
    impl ModuleMapper for Writer<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(&id) = self.0.next() else { return param };
            let (_, tensor, mapper) = param.consume();
            Param::from_mapped_value(ParamId::from(id), tensor, mapper)
        }
    }
    let count = ids(&module).len();
    if count != to.len() {
        return Err(Error::Damaged {
            place: "a checkpoint of a net".into(),
            problem: format!("it is of {} tensors, not of {count}", to.len()),
        });
    }
    Ok(module.map(&mut Writer(to.iter())))
}
