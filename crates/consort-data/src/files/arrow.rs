//! Arrow arrays as cells.

use std::fmt::Write;

use polars_arrow::array::{
    Array, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray, DictionaryKey, PrimitiveArray, Utf8Array,
    Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::types::NativeType;

use crate::{Result, date};

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
        _ if has_spelling(dtype) => Kind::Text,
        _ => Kind::Other,
    }
}

/// Whether cells of this type have the text that stands for them in a CSV file: dates, moments and decimals.
fn has_spelling(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(dtype, T::Date32 | T::Date64 | T::Timestamp(..) | T::Decimal(..))
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
        &T::Decimal(_, scale) => native(array, put, |x: i128| Cell::Number(decimal(x, scale))),
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

/// A decimal as the nearest float, which is what its text is read as.
fn decimal(units: i128, scale: usize) -> f64 {
    // Both parts are exact floats, so that one division rounds once.
    if units.unsigned_abs() < 1 << 53 && scale <= 22 {
        return units as f64 / 10f64.powi(scale as i32);
    }
    let mut text = String::new();
    spell_decimal(units, scale, &mut text);
    text.parse().unwrap_or(f64::NAN)
}

/// All digits of a decimal.
fn spell_decimal(units: i128, scale: usize, text: &mut String) {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale.saturating_add(1));
    let (whole, part) = digits.split_at(digits.len() - scale);
    if units < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if scale > 0 {
        text.push('.');
        text.push_str(part);
    }
}

/// A day as `2024-02-29`.
fn spell_day(day: i64, text: &mut String) {
    let (year, month, day) = date::civil(day as f64);
    // Writing to a string does not fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
}

/// A moment as `2024-02-29T12:00:00`, with as many digits of the second as it needs (none, 3, 6 or 9), and `Z` if it is one
/// of a zone.
fn spell_moment(count: i64, unit: TimeUnit, in_zone: bool, text: &mut String) {
    let (per_second, digits) = match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    };
    let (seconds, mut part) = (count.div_euclid(per_second), count.rem_euclid(per_second));
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    spell_day(day, text);
    let _ = write!(text, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let mut width = digits;
    while width > 0 && part % 1000 == 0 {
        (part, width) = (part / 1000, width - 3);
    }
    if width > 0 {
        let _ = write!(text, ".{part:0width$}");
    }
    if in_zone {
        text.push('Z');
    }
}

/// The cells of an array of numbers, each spelled by `spell`.
fn spelled<T: NativeType>(array: &dyn Array, put: PutText<'_>, spell: impl Fn(T, &mut String)) -> Option<Result<()>> {
    let array = array.as_any().downcast_ref::<PrimitiveArray<T>>()?;
    let mut text = String::new();
    Some(array.iter().enumerate().try_for_each(|(i, value)| {
        text.clear();
        value.inspect(|&&value| spell(value, &mut text));
        put(i, value.is_some().then_some(text.as_str()).filter(|text| *text != "NaN"))
    }))
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

/// The cells of an array as texts, as a CSV file would have them; `None` if it holds what has no text.
pub(super) fn texts_of(array: &dyn Array, put: PutText<'_>) -> Option<Result<()>> {
    match array.dtype() {
        &ArrowDataType::Decimal(_, scale) => return spelled(array, put, |x, text| spell_decimal(x, scale, text)),
        ArrowDataType::Date32 => return spelled(array, put, |x: i32, text| spell_day(i64::from(x), text)),
        ArrowDataType::Date64 => {
            return spelled(array, put, |x: i64, text| spell_day(x.div_euclid(86_400_000), text));
        }
        ArrowDataType::Timestamp(unit, zone) => {
            return spelled(array, put, |x, text| spell_moment(x, *unit, zone.is_some(), text));
        }
        _ => {}
    }
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
        // A whole float is written as a whole number.
        spelled(array, put, |value: T, text| {
            let _ = write!(text, "{value}");
        })
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
    if has_spelling(array.dtype()) {
        return None;
    }
    native!(f32, f64, i64, i32, u64, u32, i16, u16, i8, u8);
    let bits = array.as_any().downcast_ref::<BooleanArray>()?;
    Some(bits.iter().enumerate().try_for_each(|(i, bit)| put(i, bit.map_or(f64::NAN, |bit| f64::from(u8::from(bit))))))
}

#[cfg(test)]
mod tests {
    use polars_arrow::array::PrimitiveArray;

    use super::*;
    use crate::files::number;

    /// The texts, and the numbers of a feature.
    fn read<T: NativeType>(dtype: ArrowDataType, values: &[T]) -> (Vec<String>, Vec<Cell<'static>>) {
        let array = PrimitiveArray::new(dtype, values.to_vec().into(), None);
        let (mut texts, mut cells) = (Vec::new(), Vec::new());
        let mut keep = |_, text: Option<&str>| {
            texts.push(text.unwrap().to_owned());
            Ok(())
        };
        texts_of(&array, &mut keep).unwrap().unwrap();
        let mut see = |_, cell: Cell<'_>| {
            match cell {
                Cell::Number(x) => cells.push(Cell::Number(x)),
                Cell::Moment(x) => cells.push(Cell::Moment(x)),
                other => panic!("{other:?}"),
            }
            Ok(())
        };
        cells_of(&array, &mut see).unwrap().unwrap();
        assert!(numbers_of(&array, |_, _| Ok(())).is_none(), "a number of days is not what a text would be read as");
        assert_eq!(kind(array.dtype()), Kind::Text);
        (texts, cells)
    }

    #[test]
    fn dates_and_moments_have_the_texts_of_iso_8601() {
        use ArrowDataType as T;
        let days =
            |texts: &[String]| texts.iter().map(|text| Cell::Moment(date::days(text).unwrap())).collect::<Vec<_>>();
        let (texts, cells) = read(T::Date32, &[19_782i32, -1]);
        assert_eq!(texts, ["2024-02-29", "1969-12-31"]);
        assert_eq!(cells, days(&texts));
        let (texts, cells) = read(T::Timestamp(TimeUnit::Second, None), &[43_200i64, -1]);
        assert_eq!(texts, ["1970-01-01T12:00:00", "1969-12-31T23:59:59"]);
        assert_eq!(cells, days(&texts));
        let zone = Some("UTC".into());
        let (texts, _) = read(T::Timestamp(TimeUnit::Microsecond, zone), &[0i64, 1_500_000, 1]);
        assert_eq!(texts, ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500Z", "1970-01-01T00:00:00.000001Z"]);
        let (texts, _) = read(T::Timestamp(TimeUnit::Nanosecond, None), &[10i64]);
        assert_eq!(texts, ["1970-01-01T00:00:00.000000010"]);
    }

    #[test]
    fn decimals_have_all_their_digits_and_are_the_numbers_of_their_texts() {
        let values = [5i128, -150, 0, 12_345_678_901_234_567_890_123, 9_007_199_254_740_993];
        let (texts, cells) = read(ArrowDataType::Decimal(38, 2), &values);
        assert_eq!(texts, ["0.05", "-1.50", "0.00", "123456789012345678901.23", "90071992547409.93"]);
        let numbers: Vec<Cell<'_>> =
            texts.iter().map(|text| Cell::Number(number::parse(text.as_bytes()).unwrap())).collect();
        assert_eq!(cells, numbers);
        assert_eq!(read(ArrowDataType::Decimal(38, 0), &[-7i128]).0, ["-7"]);
    }
}
