#include "ordo/base/jsonl.h"

#include <algorithm>

#include "ordo/base/array.h"
#include "ordo/base/file.h"

namespace ordo {

void visit_jsonl(std::string_view text, const std::string& source,
                 const std::function<void(Json, std::size_t)>& visit) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Json value;
    try {
      value = parse_json(one, {});
    } catch (const InputError& error) {
      Location where = error.location();
      const std::string place = where.to_string();
      where.source = source;
      where.line = line;
      std::string_view reason = error.what();
      if (!place.empty()) reason.remove_prefix(place.size() + 2);
      throw InputError(where, std::string(reason));
    }
    visit(std::move(value), line);
  }
}

std::vector<Json> read_jsonl(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<Json> values;
  visit_jsonl(file.text(), path.string(),
              [&](Json value, std::size_t) { values.push_back(std::move(value)); });
  return values;
}

void append_jsonl(const std::filesystem::path& path, const Json& value) {
  append_file(path, value.dump() + "\n");
}

}  // namespace ordo
