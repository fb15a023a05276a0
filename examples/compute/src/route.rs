//! Which action a method and a path mean. A test compares the table with the document.

use std::borrow::Cow;

use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::answer::Refusal;

/// What the service can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    DescribeZones,
    DescribeInstances,
    RunInstances,
    InquiryInstancePrice,
    RenewInstance,
    RenewInstances,
    StartInstances,
    StopInstances,
    RestartInstances,
    ModifyInstanceProject,
    ShareInstances,
    TransferInstances,
    ReturnInstance,
    ReturnInstances,
    DescribeProject,
    CreateProject,
    DescribeInternalUsage,
    DescribePurchase,
}

/// One row: an action, its name in the document and where it is served.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) action: Action,
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
}

const fn route(action: Action, name: &'static str, method: Method, path: &'static str) -> Route {
    Route { action, name, method, path }
}

/// Whole paths stand before the one with an id in it.
pub(crate) static ROUTES: [Route; 18] = [
    route(Action::DescribeZones, "DescribeZones", Method::GET, "/zones"),
    route(Action::DescribeInstances, "DescribeInstances", Method::GET, "/instances"),
    route(Action::RunInstances, "RunInstances", Method::POST, "/instances"),
    route(Action::InquiryInstancePrice, "InquiryInstancePrice", Method::GET, "/instances/price"),
    route(Action::RenewInstance, "RenewInstance", Method::POST, "/instances/renew"),
    route(Action::RenewInstances, "RenewInstances", Method::POST, "/instances/{instanceId}/renew"),
    route(
        Action::ReturnInstances,
        "ReturnInstances",
        Method::POST,
        "/instances/{instanceId}/return",
    ),
    route(Action::StartInstances, "StartInstances", Method::POST, "/instances/start"),
    route(Action::StopInstances, "StopInstances", Method::POST, "/instances/stop"),
    route(Action::RestartInstances, "RestartInstances", Method::POST, "/instances/restart"),
    route(
        Action::ModifyInstanceProject,
        "ModifyInstanceProject",
        Method::POST,
        "/instances/project",
    ),
    route(Action::ShareInstances, "ShareInstances", Method::POST, "/instances/share"),
    route(Action::TransferInstances, "TransferInstances", Method::POST, "/instances/transfer"),
    route(Action::ReturnInstance, "ReturnInstance", Method::DELETE, "/instances/{instanceId}"),
    route(Action::DescribeProject, "DescribeProject", Method::GET, "/projects"),
    route(Action::CreateProject, "CreateProject", Method::POST, "/projects"),
    route(Action::DescribeInternalUsage, "DescribeInternalUsage", Method::GET, "/usage"),
    route(Action::DescribePurchase, "DescribePurchase", Method::GET, "/purchases"),
];

impl Route {
    /// The route of a request, and the decoded segment that stands for `{instanceId}`.
    pub(crate) fn find<'p>(
        method: &Method,
        path: &'p str,
    ) -> Result<(&'static Self, Cow<'p, str>), Refusal> {
        let mut refusal = Refusal::NoSuchPath;
        for route in &ROUTES {
            let Some(segment) = route.segment(path) else { continue };
            if route.method == *method {
                let segment = percent_decode_str(segment)
                    .decode_utf8()
                    .map_err(|_| Refusal::Malformed("the path is not UTF-8".to_owned()))?;
                return Ok((route, segment));
            }
            refusal = Refusal::MethodNotAllowed;
        }
        Err(refusal)
    }

    fn segment<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.path.split_once("{instanceId}") {
            Some((folder, rest)) => path
                .strip_prefix(folder)
                .and_then(|path| path.strip_suffix(rest))
                .filter(|segment| !segment.is_empty() && !segment.contains('/')),
            None => (self.path == path).then_some(""),
        }
    }
}
