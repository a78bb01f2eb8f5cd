// Strings as Python's methods change them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordo::text::jinja {

enum class Sides { left, right, both };

/// Without `characters`: white space.
std::string stripped(const std::string& text, Sides sides,
                     const std::optional<std::string>& characters);
/// Without a separator: at runs of white space. At most `most` cuts, if that is not negative.
std::vector<std::string> split(const std::string& text, const std::optional<std::string>& separator,
                               std::int64_t most);
std::vector<std::string> split_lines(const std::string& text);
std::string replaced(const std::string& text, const std::string& what, const std::string& by,
                     std::int64_t most);
std::string lower(const std::string& text);
std::string upper(const std::string& text);
std::string capitalized(const std::string& text);
/// Each word's first letter in upper case, the others in lower.
std::string title(const std::string& text);

}  // namespace ordo::text::jinja
