//! Ranges and sizes as options list them.

use crate::tree::{Node, Number};

/// From least to most, both allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span<T> {
    pub min: T,
    pub max: T,
}

impl<T: Number + PartialOrd + Copy> Span<T> {
    /// Reads `Min` and `Max` below a child of that name; `None` when either is missing or they are the wrong way round.
    pub(crate) fn read(node: Node<'_>, name: &str) -> Option<Self> {
        let node = node.child(name)?;
        Self::new(node.number_of("Min")?, node.number_of("Max")?)
    }

    /// Reads `1 250`, as attributes hold ranges.
    pub(crate) fn read_pair(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().filter_map(T::read);
        Self::new(numbers.next()?, numbers.next()?)
    }

    fn new(min: T, max: T) -> Option<Self> {
        (min <= max).then_some(Self { min, max })
    }
}

impl<T: PartialOrd + Copy> Span<T> {
    pub fn contains(&self, value: T) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let size = Self { width: node.number_of("Width")?, height: node.number_of("Height")? };
        (size.width > 0 && size.height > 0).then_some(size)
    }
}
