//! The mistakes that can be told apart: a stable name, what was done, what to do instead.

use std::fmt;

/// One line a mistake: variant, name, sentence, fix. A `{}` in a sentence is what it was found at.
macro_rules! mistakes {
    ($($variant:ident $name:literal $says:literal $fix:literal;)*) => {
        /// What a client did otherwise than the signature's rule has it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Mistake {
            $(#[doc = $says] $variant,)*
        }

        impl Mistake {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that machines may rely on.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What was done, in one sentence; `{}` stands for what it was found at.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }

            /// What to do instead.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }
        }
    };
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

mistakes! {
    // How the signature itself was written.
    SignaturePlusLost "SIGNATURE_PLUS_LOST" "The Signature was not percent-encoded: a `+` in it arrived as a space." "Percent-encode the Signature like every other value: `+` is `%2B`, `/` is `%2F`, `=` is `%3D`.";
    SignatureEncodedTwice "SIGNATURE_ENCODED_TWICE" "The Signature was percent-encoded twice." "Percent-encode the Signature once; most HTTP libraries already do it.";
    SignatureHex "SIGNATURE_HEX" "The Signature is hexadecimal." "Take the raw bytes of the HMAC and write them in base64.";
    SignatureBase64OfHex "SIGNATURE_BASE64_OF_HEX" "The Signature is the base64 of the HMAC's hexadecimal text." "Encode the raw bytes of the HMAC (`digest()` in Python, `openssl dgst -binary`, `hash_hmac` with `true` in PHP), not their hexadecimal text.";
    SignatureBase64Url "SIGNATURE_BASE64URL" "The Signature is written in the URL alphabet of base64, with `-` and `_`." "Use the standard alphabet, with `+` and `/`, then percent-encode the value.";
    SignaturePadding "SIGNATURE_WITHOUT_PADDING" "The `=` at the end of the Signature is missing." "Keep the padding of base64, and percent-encode it as `%3D`.";
    SignatureWhitespace "SIGNATURE_WITH_WHITE_SPACE" "The Signature has white space around or in it." "Remove the line feed that command line tools add, and do not wrap base64 (`base64 -w0`, `openssl base64 -A`).";
    SignatureBase64 "SIGNATURE_BASE64" "The Signature of TC3 is written in base64." "Write the HMAC in hexadecimal, lower case.";
    SignatureUpperCase "SIGNATURE_UPPER_CASE" "The Signature of TC3 is written in upper case." "Write the hexadecimal digits in lower case.";
    // With what it was signed.
    WrongAlgorithm "WRONG_ALGORITHM" "The Signature was made by {}, which is not what SignatureMethod says." "Send `SignatureMethod=HmacSHA256` with a SHA-256 signature, and no SignatureMethod or `HmacSHA1` with a SHA-1 one; it is part of what is signed.";
    PlainHash "PLAIN_HASH" "The Signature is a plain hash of the SecretKey and the string, not an HMAC." "Use your library's HMAC, with the SecretKey as its key.";
    KeyAndTextSwapped "KEY_AND_TEXT_SWAPPED" "The HMAC was keyed with the string, and the SecretKey was its text." "Swap the two arguments: the SecretKey is the key.";
    OtherKey "OTHER_KEY_OF_THE_ACCOUNT" "The request was signed with the SecretKey of another key of this account." "Use the SecretKey that belongs to the SecretId you send.";
    SecretIdAsKey "SECRET_ID_AS_KEY" "The request was signed with the SecretId." "Sign with the SecretKey; the SecretId is only sent.";
    SecretWhitespace "SECRET_WITH_WHITE_SPACE" "The SecretKey had white space around it, a line feed for example, when it signed." "Trim the SecretKey after reading it from a file or an environment variable.";
    SecretQuoted "SECRET_IN_QUOTES" "The SecretKey stood in quotes when it signed." "Remove the quotes: the file or variable holds the bare text.";
    SecretCase "SECRET_CASE" "The letters of the SecretKey were changed to one case." "Keep the SecretKey exactly as it was issued.";
    SecretDecoded "SECRET_DECODED" "The SecretKey was decoded before it signed, as if it were base64 or hexadecimal." "Use the bytes of its text as they are.";
    SecretEncoded "SECRET_ENCODED" "The SecretKey was encoded, in base64, hexadecimal or percent escapes, before it signed." "Use the bytes of its text as they are.";
    SecretSuffix "SECRET_WITH_AMPERSAND" "`&` was appended to the SecretKey, as another cloud's rule has it." "Use the SecretKey alone as the key.";
    SecretCut "SECRET_CUT" "The SecretKey that signed lacks its first or last character." "Copy the whole SecretKey.";
    SecretEmpty "SECRET_EMPTY" "The SecretKey that signed was empty." "Check that the variable that should hold the SecretKey is set where the program runs.";
    KeyOfOtherScheme "KEY_OF_OTHER_SCHEME" "The key was made as another scheme has it." "v2 signs with the SecretKey itself; TC3 with the key derived from `TC3` and the SecretKey, the date, the service and `tc3_request`.";
    // The beginning of the string to sign.
    MethodDiffers "METHOD_DIFFERS" "The string that was signed begins with `{}`, which is not the method that was sent." "Sign the method that you send, in upper case.";
    HostDiffers "HOST_DIFFERS" "The string that was signed has the host `{}`, which is not the Host that was sent." "Sign the host exactly as it stands in the Host header, in lower case.";
    HostPort "HOST_PORT" "The string that was signed has the host `{}`: its port is not the one of the Host header." "Sign the host as it stands in the Host header: with the port where it has one, without where it has none.";
    HostWithScheme "HOST_WITH_SCHEME" "The string that was signed has the scheme in it: `{}`." "Leave out `https://`: method, host and path follow one another directly.";
    PathDiffers "PATH_DIFFERS" "The string that was signed has the path `{}`, which is not the path that was sent." "Sign the path that you call: `/v2/index.php` for API 2.0, `/` for API 3.0.";
    PartsSeparated "PARTS_SEPARATED" "Method, host, path and parameters were separated in the string that was signed." "Join method, host and path with nothing between them, then `?`, then the parameters.";
    QuestionMarkMissing "QUESTION_MARK_MISSING" "The string that was signed has no `?` after the path." "Put a `?` between path and parameters, on a POST too.";
    // Names, values and their order.
    ValuesEncoded "VALUES_PERCENT_ENCODED" "The values were percent-encoded before signing." "Sign the raw values; percent-encode them only to send them.";
    ValuesEncodedTwice "VALUES_ENCODED_TWICE" "Values were percent-encoded twice before sending: they arrive with their escapes." "Percent-encode once; hand raw values to libraries that encode by themselves.";
    QueryAsSent "QUERY_AS_SENT" "The query was signed as it was sent, encoded and in its own order." "Sign the decoded names and values, sorted by name.";
    PlusLost "PLUS_LOST" "A `+` in a value was sent without percent-encoding and arrived as a space." "Send `+` as `%2B`, and a space as `%20` or `+`.";
    AmpersandEscaped "AMPERSAND_ESCAPED" "`&` was escaped in the string that was signed." "Join the parameters with a bare `&`, and leave `&` in values as it is.";
    NamesEncoded "NAMES_PERCENT_ENCODED" "The names of the parameters were percent-encoded before signing." "Sign the raw names.";
    NotSorted "NOT_SORTED" "The parameters were signed in the order in which they were sent." "Sort the parameters by name, byte by byte, before joining them.";
    SortedIgnoringCase "SORTED_IGNORING_CASE" "The parameters were sorted without regard to case." "Sort by byte: every upper case letter stands before every lower case one.";
    SortedByNumber "SORTED_BY_NUMBER" "Indices were sorted as numbers." "Sort names as text: `ids.10` stands before `ids.2`.";
    SortedDescending "SORTED_DESCENDING" "The parameters were sorted from last to first." "Sort ascending by name.";
    SortedWithValues "SORTED_WITH_VALUES" "The parameters were sorted as `name=value`, so that `a.b=` stands before `a=`." "Sort by the names alone, then join names and values.";
    UnderscoreFirstOnly "UNDERSCORE_FIRST_ONLY" "Only the first `_` of each name was replaced." "Replace every `_` of a name by `.`.";
    DotsReplaced "DOTS_REPLACED" "`.` in names was replaced by `_`." "It is the other way: every `_` of a name becomes `.` in the string to sign.";
    IndexShifted "INDEX_SHIFTED" "The indices of a list were signed with another first number than they were sent with." "Flatten lists once, and sign and send the same names.";
    ListNotFlattened "LIST_NOT_FLATTENED" "The list `{}` was signed as one value." "Flatten lists before signing: `name.0`, `name.1` and so on.";
    EmptyValuesLeftOut "EMPTY_VALUES_LEFT_OUT" "Parameters with empty values were not signed." "Sign them as `name=`, or do not send them.";
    AtValuesLeftOut "AT_VALUES_LEFT_OUT" "Values that begin with `@` were not signed." "Sign every parameter that is sent.";
    SignatureSigned "SIGNATURE_SIGNED" "A parameter `Signature` was part of the string that was signed." "Leave `Signature` out; all other parameters are signed.";
    ParameterAdded "PARAMETER_ADDED" "Added after signing: `{}`." "Sign last: gather all parameters first, SignatureMethod and Token included.";
    ParameterDropped "PARAMETER_DROPPED" "The parameter `{}` was signed and then not sent." "Send all parameters that were signed.";
    ParameterChanged "PARAMETER_CHANGED" "The value of `{}` was changed after signing." "Send the text that was signed: turn numbers, booleans and lists into text once.";
    TimestampChanged "TIMESTAMP_CHANGED" "The Timestamp was changed after signing: `{}` was signed." "Read the clock once, and sign and send the same Timestamp.";
    NonceChanged "NONCE_CHANGED" "The Nonce was changed after signing: `{}` was signed." "Draw the Nonce once, and sign and send the same.";
    // Characters.
    EncodingLatin1 "ENCODING_LATIN1" "The string was signed in Latin-1 (ISO 8859-1)." "Encode the string to sign in UTF-8.";
    EncodingUtf16 "ENCODING_UTF16" "The string was signed in UTF-16." "Encode the string to sign in UTF-8.";
    EncodingTwice "ENCODING_TWICE" "Text was encoded in UTF-8 twice before sending." "Encode text as UTF-8 once.";
    NonAsciiEscaped "NON_ASCII_ESCAPED" "Characters beyond ASCII were signed as escapes or as `?`." "Sign the characters themselves, in UTF-8.";
    LineEndings "LINE_ENDINGS" "Line ends in a value were changed after signing." "Send the line ends that were signed.";
    // The string as a whole.
    StringWithNewline "STRING_WITH_NEWLINE" "A line feed stood at the end of the string that was signed." "Sign without the line feed: `printf %s` instead of `echo`.";
    StringWithAmpersand "STRING_WITH_AMPERSAND" "An `&` stood before the first or after the last parameter." "Put `&` only between parameters.";
    StringEncoded "STRING_ENCODED" "The whole string to sign was percent-encoded before signing." "Sign the string itself.";
    StringCase "STRING_CASE" "The string to sign was changed to one case." "Change nothing in it after joining.";
    StringHashed "STRING_HASHED" "The string to sign was hashed before the HMAC." "Sign the string itself.";
    // TC3 alone.
    AuthorizationMalformed "AUTHORIZATION_MALFORMED" "The Authorization header is not well formed: {}." "Send `TC3-HMAC-SHA256 Credential=SecretId/date/service/tc3_request, SignedHeaders=content-type;host, Signature=…`.";
    HeaderNamesUpperCase "HEADER_NAMES_UPPER_CASE" "Header names have upper case letters in SignedHeaders or in the canonical headers." "Write header names in lower case in both.";
    ScopeDateLocal "SCOPE_DATE_LOCAL" "The Credential is dated `{}`, which is not the UTC date of X-TC-Timestamp." "Take the date from X-TC-Timestamp in UTC, not from the local calendar.";
    ScopeDateDiffers "SCOPE_DATE_DIFFERS" "The key or the scope was made with the date `{}`, the header says another." "Use one date, the UTC date of X-TC-Timestamp, for header, scope and key.";
    ServiceDiffers "SERVICE_DIFFERS" "The key or the scope was made with the service `{}`, the header says another." "Use one service name for header, scope and key.";
    HeaderMissing "SIGNED_HEADER_MISSING" "SignedHeaders names `{}`, and it did not arrive once." "Send every header that is signed, once; a proxy may have removed it.";
    HeaderNotInCanonical "HEADER_NOT_IN_CANONICAL" "SignedHeaders names `{}`, and the canonical headers did not have it." "Write a line for every header of SignedHeaders.";
    HeadersNotListed "HEADERS_NOT_LISTED" "The canonical request was written with another SignedHeaders line, `{}`." "Send the SignedHeaders that were signed.";
    HeaderOrder "HEADER_ORDER" "The canonical headers stand in another order than SignedHeaders." "Sort both by name.";
    HeaderSpace "HEADER_SPACE" "Spaces stand after the colons of the canonical headers." "Write `name:value` with no space.";
    HeaderChanged "HEADER_CHANGED" "The header `{}` was changed after signing." "Send the value that was signed; some HTTP libraries add a charset.";
    NewlineMissing "NEWLINE_MISSING" "The canonical request or the string to sign lacks a line feed, or has one too many." "A line feed ends each canonical header, an empty line follows them, and none ends the request.";
    NewlineLiteral "NEWLINE_LITERAL" "Line feeds were signed as the two characters `\\n`, or as carriage return and line feed." "Use real line feeds: `printf` or `$'\\n'` in a shell.";
    BodyReserialised "BODY_RESERIALISED" "The JSON body was serialised again after signing: spaces, order or escapes differ." "Serialise once; sign and send the same bytes.";
    BodyNotSigned "BODY_NOT_SIGNED" "Another body was signed than was sent: `{}`." "Hash the bytes that you send.";
    BodyHashWrong "BODY_HASH_WRONG" "The hash of the body is not its SHA-256 in lower case hexadecimal." "Write the SHA-256 of the body in hexadecimal, lower case.";
    UnsignedPayloadNotSaid "UNSIGNED_PAYLOAD_NOT_SAID" "The payload was signed as `UNSIGNED-PAYLOAD`, and X-TC-Content-SHA256 does not say so." "Send `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`, or sign the body.";
    QueryNotSigned "QUERY_DIFFERS" "Another query was signed than was sent: `{}`." "Sign the query of a GET exactly as it is sent.";
    CanonicalNotHashed "CANONICAL_NOT_HASHED" "The string to sign has the canonical request itself, or another hash of it." "Put the SHA-256 of the canonical request, in lower case hexadecimal, on the last line.";
    StringLineMissing "STRING_LINE_DIFFERS" "The line `{}` of the string to sign is missing or otherwise written." "Four lines: TC3-HMAC-SHA256, the timestamp, date/service/tc3_request, the hash of the canonical request.";
    KeyStepsEncoded "KEY_STEPS_ENCODED" "The steps of the key were written in hexadecimal or base64 in between." "Hand the raw bytes of each HMAC to the next.";
    KeyStepsDiffer "KEY_STEPS_DIFFER" "The steps of the key were not date, service, `tc3_request`." "HMAC(HMAC(HMAC(\"TC3\" + SecretKey, date), service), \"tc3_request\").";
    SchemeOfV2 "SCHEME_OF_OTHER_DIALECT" "The request was signed by the rule of another dialect." "Sign by the rule of the dialect that you send: parameters for v2, headers for TC3.";
    // Nothing fits.
    SecretDiffers "SECRET_DIFFERS" "No known mistake makes this signature; most often the SecretKey is not the one of this SecretId." "Check the SecretKey, then compare your string to sign with the one shown.";
}
