// Putting texts of strangers into a page.
#pragma once

#include <string>
#include <string_view>

namespace ordo::report {

/// web/dist/report.html as it was when this library was built.
std::string_view page_template();

/// Valid UTF-8: each byte that no valid sequence contains becomes U+FFFD.
std::string repair_utf8(std::string_view text);

/// For text and for quoted attribute values; repairs UTF-8.
std::string escape_html(std::string_view text);

/// JSON that may stand inside <script type="application/json">: '<', '>' and '&' and the line
/// separators U+2028 and U+2029 are written as \uXXXX, which means the same to a JSON parser and
/// nothing to an HTML parser; repairs UTF-8. `json` must be a JSON text, where these characters
/// can only stand inside strings.
std::string escape_script_json(std::string_view json);

}  // namespace ordo::report
