//! Arrow arrays as cells.

use polars_arrow::array::{
    Array, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray, DictionaryKey, PrimitiveArray, Utf8Array,
    Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::types::NativeType;

use crate::Result;

use super::{cell::Cell, table::Kind};

type Put<'a> = &'a mut dyn FnMut(usize, Cell<'_>) -> Result<()>;
type PutText<'a> = &'a mut dyn FnMut(usize, Option<&str>) -> Result<()>;

/// What a column of this type is to those who read predictions.
pub(super) fn kind(dtype: &ArrowDataType) -> Kind {
    use ArrowDataType as T;
    match dtype {
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::BinaryView => Kind::Text,
        T::Dictionary(_, values, _) if matches!(**values, T::Utf8 | T::LargeUtf8 | T::Utf8View) => Kind::Text,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 | T::Boolean => {
            Kind::Whole
        }
        T::Float32 | T::Float64 => Kind::Float,
        _ => Kind::Other,
    }
}

/// What a column of this type holds, in words, if its cells cannot be read.
pub(super) fn unreadable(dtype: &ArrowDataType) -> Option<String> {
    use ArrowDataType as T;
    match dtype {
        T::Null | T::Boolean | T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::BinaryView => {
            None
        }
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::Int128 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => None,
        T::Float32 | T::Float64 | T::Decimal(..) | T::Date32 | T::Date64 | T::Timestamp(..) => None,
        T::Time32(_) | T::Time64(_) | T::Duration(_) => None,
        T::Dictionary(_, values, _) => unreadable(values).filter(|_| !matches!(**values, T::Dictionary(..))),
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) => Some("lists".into()),
        T::Struct(_) | T::Map(..) | T::Union(_) => Some("nested values".into()),
        other => Some(format!("values of type {other:?}")),
    }
}

/// The cells of an array; `None` if it holds what cannot be read.
///
/// Dates and times with a zone are moments in UTC. A time of day is a number of hours, a duration a number of days.
pub(super) fn cells_of(array: &dyn Array, put: Put<'_>) -> Option<Result<()>> {
    use ArrowDataType as T;
    match array.dtype() {
        T::Null => Some((0..array.len()).try_for_each(|i| put(i, Cell::Missing))),
        T::Boolean => {
            let array = array.as_any().downcast_ref::<BooleanArray>()?;
            Some(each(array.iter(), put, Cell::Truth))
        }
        T::Utf8View => Some(each(array.as_any().downcast_ref::<Utf8ViewArray>()?.iter(), put, Cell::Text)),
        T::Utf8 => Some(each(array.as_any().downcast_ref::<Utf8Array<i32>>()?.iter(), put, Cell::Text)),
        T::LargeUtf8 => Some(each(array.as_any().downcast_ref::<Utf8Array<i64>>()?.iter(), put, Cell::Text)),
        T::BinaryView => Some(bytes(array.as_any().downcast_ref::<BinaryViewArray>()?.iter(), put)),
        T::Binary => Some(bytes(array.as_any().downcast_ref::<BinaryArray<i32>>()?.iter(), put)),
        T::LargeBinary => Some(bytes(array.as_any().downcast_ref::<BinaryArray<i64>>()?.iter(), put)),
        T::Int8 => native(array, put, |x: i8| Cell::Number(f64::from(x))),
        T::Int16 => native(array, put, |x: i16| Cell::Number(f64::from(x))),
        T::Int32 => native(array, put, |x: i32| Cell::Number(f64::from(x))),
        T::Int64 => native(array, put, |x: i64| Cell::Number(x as f64)),
        T::Int128 => native(array, put, |x: i128| Cell::Number(x as f64)),
        T::UInt8 => native(array, put, |x: u8| Cell::Number(f64::from(x))),
        T::UInt16 => native(array, put, |x: u16| Cell::Number(f64::from(x))),
        T::UInt32 => native(array, put, |x: u32| Cell::Number(f64::from(x))),
        T::UInt64 => native(array, put, |x: u64| Cell::Number(x as f64)),
        T::Float32 => native(array, put, |x: f32| Cell::Number(f64::from(x))),
        T::Float64 => native(array, put, Cell::Number),
        &T::Decimal(_, scale) => {
            let unit = 10f64.powi(i32::try_from(scale).ok()?);
            native(array, put, |x: i128| Cell::Number(x as f64 / unit))
        }
        T::Date32 => native(array, put, |x: i32| Cell::Moment(f64::from(x))),
        T::Date64 => native(array, put, |x: i64| Cell::Moment(days(x, TimeUnit::Millisecond))),
        &T::Timestamp(unit, _) => native(array, put, |x: i64| Cell::Moment(days(x, unit))),
        &T::Duration(unit) => native(array, put, |x: i64| Cell::Number(days(x, unit))),
        &T::Time32(unit) => native(array, put, |x: i32| Cell::Number(24.0 * days(i64::from(x), unit))),
        &T::Time64(unit) => native(array, put, |x: i64| Cell::Number(24.0 * days(x, unit))),
        T::Dictionary(..) => dictionary::<u32>(array, put)
            .or_else(|| dictionary::<i32>(array, put))
            .or_else(|| dictionary::<u8>(array, put))
            .or_else(|| dictionary::<i8>(array, put))
            .or_else(|| dictionary::<u16>(array, put))
            .or_else(|| dictionary::<i16>(array, put))
            .or_else(|| dictionary::<u64>(array, put))
            .or_else(|| dictionary::<i64>(array, put)),
        _ => None,
    }
}

/// Whole units as days, exact to the unit for any date of this millennium in seconds.
fn days(count: i64, unit: TimeUnit) -> f64 {
    let per_day = match unit {
        TimeUnit::Second => 86_400,
        TimeUnit::Millisecond => 86_400_000,
        TimeUnit::Microsecond => 86_400_000_000,
        TimeUnit::Nanosecond => 86_400_000_000_000_i64,
    };
    // The whole days apart from the rest, since 64 bits hold more digits of a number of nanoseconds than a float.
    count.div_euclid(per_day) as f64 + count.rem_euclid(per_day) as f64 / per_day as f64
}

fn each<'a, T>(values: impl Iterator<Item = Option<T>>, put: Put<'_>, cell: impl Fn(T) -> Cell<'a>) -> Result<()> {
    values.enumerate().try_for_each(|(i, value)| put(i, value.map_or(Cell::Missing, &cell)))
}

/// Bytes that are no text are shown as such.
fn bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, put: Put<'_>) -> Result<()> {
    values.enumerate().try_for_each(|(i, bytes)| match bytes.map(String::from_utf8_lossy) {
        None => put(i, Cell::Missing),
        Some(text) => put(i, Cell::Text(&text)),
    })
}

fn native<T: NativeType>(array: &dyn Array, put: Put<'_>, cell: impl Fn(T) -> Cell<'static>) -> Option<Result<()>> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    Some(each(array.iter(), put, |value: &T| cell(*value)))
}

/// The cells that the keys of a dictionary stand for.
fn dictionary<K: DictionaryKey>(array: &dyn Array, put: Put<'_>) -> Option<Result<()>> {
    let array = array.as_any().downcast_ref::<DictionaryArray<K>>()?;
    if matches!(array.values().dtype(), ArrowDataType::Dictionary(..)) {
        return None;
    }
    let mut texts = Vec::new();
    let mut cells = Vec::with_capacity(array.values().len());
    let collected = cells_of(array.values().as_ref(), &mut |_, cell| {
        match cell {
            Cell::Text(text) => {
                cells.push(Err(texts.len()));
                texts.push(text.to_owned());
            }
            Cell::Missing => cells.push(Ok(Cell::Missing)),
            Cell::Number(x) => cells.push(Ok(Cell::Number(x))),
            Cell::Truth(x) => cells.push(Ok(Cell::Truth(x))),
            Cell::Moment(x) => cells.push(Ok(Cell::Moment(x))),
        }
        Ok(())
    })?;
    Some(collected.and_then(|()| {
        array.keys_iter().enumerate().try_for_each(|(i, key)| match key.and_then(|key| cells.get(key)) {
            None => put(i, Cell::Missing),
            Some(Ok(cell)) => put(i, *cell),
            Some(Err(text)) => put(i, Cell::Text(&texts[*text])),
        })
    }))
}

/// The cells of an array as texts; `None` if it holds what has no text.
pub(super) fn texts_of(array: &dyn Array, put: PutText<'_>) -> Option<Result<()>> {
    let any = array.as_any();
    if let Some(array) = any.downcast_ref::<Utf8ViewArray>() {
        return Some(array.iter().enumerate().try_for_each(|(i, text)| put(i, text)));
    }
    if let Some(array) = any.downcast_ref::<Utf8Array<i32>>() {
        return Some(array.iter().enumerate().try_for_each(|(i, text)| put(i, text)));
    }
    if let Some(array) = any.downcast_ref::<Utf8Array<i64>>() {
        return Some(array.iter().enumerate().try_for_each(|(i, text)| put(i, text)));
    }
    if let ArrowDataType::Dictionary(_, values, _) = array.dtype()
        && matches!(**values, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View)
    {
        return cells_of(array, &mut |i, cell| put(i, if let Cell::Text(text) = cell { Some(text) } else { None }));
    }
    if let Some(array) = any.downcast_ref::<BinaryViewArray>() {
        return Some(array.iter().enumerate().try_for_each(|(i, bytes)| {
            // Bytes that are no text are shown as such; they match no id and no class.
            put(i, bytes.map(String::from_utf8_lossy).as_deref())
        }));
    }
    if let Some(array) = any.downcast_ref::<BooleanArray>() {
        return Some(
            array.iter().enumerate().try_for_each(|(i, bit)| put(i, bit.map(|b| if b { "true" } else { "false" }))),
        );
    }
    fn shown<T: NativeType + std::fmt::Display>(array: &dyn Array, put: PutText<'_>) -> Option<Result<()>> {
        use std::fmt::Write;
        let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
        let mut text = String::new();
        Some(array.iter().enumerate().try_for_each(|(i, value)| {
            text.clear();
            if let Some(value) = value {
                // Writing to a string does not fail. A whole float is written as a whole number.
                let _ = write!(text, "{value}");
            }
            put(i, value.is_some().then_some(text.as_str()).filter(|text| *text != "NaN"))
        }))
    }
    shown::<i64>(array, put)
        .or_else(|| shown::<i32>(array, put))
        .or_else(|| shown::<u64>(array, put))
        .or_else(|| shown::<u32>(array, put))
        .or_else(|| shown::<f64>(array, put))
        .or_else(|| shown::<f32>(array, put))
        .or_else(|| shown::<i16>(array, put))
        .or_else(|| shown::<u16>(array, put))
        .or_else(|| shown::<i8>(array, put))
        .or_else(|| shown::<u8>(array, put))
}

/// The cells of an array of numbers; `None` if it holds something else.
pub(super) fn numbers_of(array: &dyn Array, mut put: impl FnMut(usize, f64) -> Result<()>) -> Option<Result<()>> {
    macro_rules! native {
        ($($number:ty),*) => {$(
            if let Some(array) = array.as_any().downcast_ref::<PrimitiveArray<$number>>() {
                return Some(if array.null_count() == 0 {
                    array.values().iter().enumerate().try_for_each(|(i, &value)| put(i, value as f64))
                } else {
                    array.iter().enumerate().try_for_each(|(i, value)| put(i, value.map_or(f64::NAN, |&value| value as f64)))
                });
            }
        )*};
    }
    native!(f32, f64, i64, i32, u64, u32, i16, u16, i8, u8);
    let bits = array.as_any().downcast_ref::<BooleanArray>()?;
    Some(bits.iter().enumerate().try_for_each(|(i, bit)| put(i, bit.map_or(f64::NAN, |bit| f64::from(u8::from(bit))))))
}
