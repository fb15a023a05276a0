//! The clients: what each is called, how it is pointed at a gateway, and what it cannot do.

/// One client.
pub(super) struct Client {
    /// The package, and where it comes from.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// Its file in `suite/clients`, without its ending.
    pub(super) driver: &'static str,
    pub(super) program: Program,
    pub(super) style: Style,
    /// The dialects that it speaks.
    pub(super) dialects: &'static str,
    /// How to point it at `faregate demo`: the language, and lines of it.
    pub(super) how: (&'static str, &'static str),
    /// Does its environment name the CONNECT proxy.
    pub(super) by_proxy: bool,
    /// Steps that it has no way to make, and why.
    pub(super) cannot: &'static [(&'static str, &'static str)],
}

/// What runs its driver.
#[derive(Clone, Copy)]
pub(super) enum Program {
    /// The Python of an environment below `target`.
    Python(&'static str),
    Node,
}

/// How its user sees codes.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// As numbers.
    V2,
    /// As the names of API 3.0.
    Api3,
}

const NO_TEXT: &str = "none of the actions that it knows takes a free text here";

pub(super) const CLIENTS: [Client; 9] = [
    Client {
        name: "qcloudapi-sdk-python",
        version: "2.0.15, PyPI",
        driver: "qcloudapi_sdk_python",
        program: Program::Python("venv"),
        style: Style::V2,
        dialects: "API 2.0, GET and POST, HmacSHA1 and HmacSHA256; with `Version`",
        how: (
            "sh",
            "export https_proxy=http://<proxy> SSL_CERT_FILE=<ca>    # then as ever: QcloudApi('cvm', config).call(…)",
        ),
        by_proxy: true,
        cannot: &[],
    },
    Client {
        name: "qcloudcli",
        version: "1.9.20, PyPI",
        driver: "qcloudcli",
        program: Program::Python("clients/qcloudcli"),
        style: Style::V2,
        dialects: "API 2.0, POST, HmacSHA1",
        how: (
            "sh",
            "https_proxy=http://<proxy> SSL_CERT_FILE=<ca> qcloudcli cvm DescribeInstances --limit 5",
        ),
        by_proxy: true,
        cannot: &[
            ("unicode", NO_TEXT),
            ("unicode back", NO_TEXT),
            (
                "5300",
                "it only knows purchases of what an account has already, and the poor account has nothing",
            ),
        ],
    },
    Client {
        name: "qcloud-cmq-sdk-py3",
        version: "0.1, PyPI",
        driver: "cmq",
        program: Program::Python("venv"),
        style: Style::V2,
        dialects: "API 2.0, GET, and POST without a Content-Type; HmacSHA1 and HmacSHA256",
        how: (
            "python",
            "CMQClient('http://<http>', secret_id, secret_key).request('DescribeZones', {})",
        ),
        by_proxy: false,
        cannot: &[],
    },
    Client {
        name: "qcloudapi3",
        version: "0.3.0, PyPI",
        driver: "qcloudapi3",
        program: Program::Python("venv"),
        style: Style::V2,
        dialects: "API 2.0, GET, POST and multipart; HmacSHA1",
        how: (
            "sh",
            "export https_proxy=http://<proxy>    # then as ever: Cvm(config).call(action, params, files=…)",
        ),
        by_proxy: true,
        cannot: &[],
    },
    Client {
        name: "qcloud-python-sts",
        version: "3.1.6, PyPI",
        driver: "qcloud_python_sts",
        program: Program::Python("venv"),
        style: Style::Api3,
        dialects: "API 3.0, signature v1, POST, HmacSHA1",
        how: ("python", "Sts({'url': 'http://<http>/', 'domain': '<http>', …}).get_credential()"),
        by_proxy: false,
        cannot: &[
            ("purchase", ONE_ACTION),
            ("arrays", ONE_ACTION),
            ("unicode", ONE_ACTION),
            ("unicode back", ONE_ACTION),
            ("4000", ONE_ACTION),
            ("5300", ONE_ACTION),
            ("5400", ONE_ACTION),
            ("6100", ONE_ACTION),
        ],
    },
    Client {
        name: "tencentcloud-sdk-python",
        version: "common 3.1.195, cvm 3.1.178, PyPI",
        driver: "tencentcloud_sdk_python",
        program: Program::Python("venv"),
        style: Style::Api3,
        dialects: "API 3.0: TC3-HMAC-SHA256, HmacSHA1 and HmacSHA256; GET and POST; `UNSIGNED-PAYLOAD`",
        how: (
            "python",
            "HttpProfile(protocol='http', endpoint='<http>')                    # an address\nHttpProfile(proxy='http://<proxy>', certification='<ca>')           # the real host name",
        ),
        by_proxy: false,
        cannot: &[],
    },
    Client {
        name: "tccli",
        version: "3.1.189.1, PyPI",
        driver: "tccli",
        program: Program::Python("clients/tccli"),
        style: Style::Api3,
        dialects: "API 3.0: TC3-HMAC-SHA256, POST",
        how: ("sh", "tccli cvm DescribeZones --endpoint http://<http>"),
        by_proxy: false,
        cannot: &[("unicode", NO_TEXT), ("unicode back", NO_TEXT)],
    },
    Client {
        name: "qcloudapi-sdk",
        version: "0.2.1, npm",
        driver: "qcloudapi_sdk_node",
        program: Program::Node,
        style: Style::V2,
        dialects: "API 2.0, GET and POST, HmacSHA1 and HmacSHA256; API 3.0, signature v1",
        how: ("js", "capi.request(data, { host: '<http>', protocol: 'http' }, callback)"),
        by_proxy: false,
        cannot: &[],
    },
    Client {
        name: "tencentcloud-sdk-nodejs",
        version: "common 4.1.220, cvm 4.1.316, npm",
        driver: "tencentcloud_sdk_nodejs",
        program: Program::Node,
        style: Style::Api3,
        dialects: "API 3.0: TC3-HMAC-SHA256, HmacSHA1 and HmacSHA256; GET, POST and multipart",
        how: ("js", "{ profile: { httpProfile: { endpoint: '<http>', protocol: 'http://' } } }"),
        by_proxy: false,
        cannot: &[],
    },
];

const ONE_ACTION: &str = "it makes one action, `GetFederationToken`";
