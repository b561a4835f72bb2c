//! What every area of the API hands to the router.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Routes of an area, with their documentation.
pub(crate) type Routes = OpenApiRouter<Arc<App>>;
