//! How a contract's refusals are described.

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The shape of a contract's refusals, for the document.
pub(crate) struct Shape {
    /// The type of their bodies.
    pub(crate) content_type: &'static str,
    /// What a body that cannot be taken is answered with.
    pub(crate) of_bodies: &'static [u16],
    /// The name of the schema.
    pub(crate) name: String,
    /// It, and what it refers to.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// Refusals whose body is a `T`.
    pub(crate) fn of<T: ToSchema + PartialSchema>(content_type: &'static str, of_bodies: &'static [u16]) -> Self {
        let name = T::name().into_owned();
        let mut schemas = vec![(name.clone(), T::schema())];
        T::schemas(&mut schemas);
        Self { content_type, of_bodies, name, schemas }
    }
}
