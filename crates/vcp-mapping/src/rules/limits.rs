//! The limits of rule files. A file from outside must not take the memory of the program, or
//! minutes.

/// The most bytes of one file. The longest of this crate has 54 kB.
pub(crate) const FILE_BYTES: usize = 128 << 10;

/// The most bytes of all files of a provider. A file that is read takes up to 200 times its bytes.
pub(crate) const ALL_BYTES: usize = 2 * FILE_BYTES;

/// The most bytes of one text in a file: a path, a name, a word, a remark. The longest of this
/// crate has 121.
pub(crate) const TEXT_BYTES: usize = 512;

/// The most bytes that are compiled. The text of a file counts once for each way to recognise a
/// delivery, and that of a rule file also once for each place of the record.
pub(crate) const COMPILED_BYTES: usize = 512 << 10;

/// The most parts of all plans together: sources, conditions, paths, members that recognise a
/// delivery, and members of models and tools. A list counts each time that it is used.
pub(crate) const PARTS: usize = 20_000;

/// The most members in a tree of paths. Each is looked for among its siblings.
pub(crate) const MEMBERS: usize = 4_096;

/// The most bytes of the JSON Pointer of a member, with the place of the record.
pub(crate) const POINTER_BYTES: usize = 2 * TEXT_BYTES;

/// The most faults that are listed.
pub(crate) const FAULTS: usize = 100;

/// The number of faults after which no nearest name is looked for.
pub(crate) const SUGGESTIONS: usize = 50;
