//! Enums of names, each with its meaning.

/// Makes an enum of names, of which each has one sentence.
macro_rules! named {
    (
        $kind:literal, $(#[doc = $about:literal])+ $Type:ident;
        $( $(#[doc = $doc:literal])+ $Name:ident = $name:literal, )*
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $Type {
            $( $(#[doc = $doc])+ $Name, )*
        }

        impl $Type {
            /// All values.
            pub const ALL: &'static [Self] = &[$( Self::$Name, )*];

            /// Returns the name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$Name => $name, )*
                }
            }

            /// Returns the meaning, in one sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $( Self::$Name => concat!($($doc),+).trim_ascii(), )*
                }
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        /// Reads the name.
        impl std::str::FromStr for $Type {
            type Err = vcp_schema::UnknownNameError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                vcp_schema::UnknownNameError::find($kind, name, Self::ALL, Self::name)
            }
        }
    };
}
pub(crate) use named;
