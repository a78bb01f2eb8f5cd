// A JSON value and where it stands, so that everything read from it can say so in errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/base/json.h"
#include "ordo/text/unicode.h"

namespace ordo::text {

class Config {
 public:
  /// `where`: file and JSON pointer, "tokenizer.json: /model".
  Config(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}

  const Json& json() const { return *json_; }
  const std::string& where() const { return where_; }
  bool is_null() const { return json_->is_null(); }
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError({.field = where_}, message);
  }

  /// The member; a null value for one that is absent.
  Config operator[](const std::string& key) const {
    static const Json null;
    const Json* const member = json_->as_object(where_).find(key);
    return Config(member != nullptr ? *member : null, pointer(key));
  }
  Config at(const std::string& key) const { return Config(json_->at(key, where_), pointer(key)); }
  std::vector<Config> items() const {
    std::vector<Config> all;
    for (const Json& item : json_->as_array(where_))
      all.emplace_back(item, pointer(std::to_string(all.size())));
    return all;
  }

  const std::string& string() const { return json_->as_string(where_); }
  std::string string_or(const std::string& otherwise) const {
    return is_null() ? otherwise : string();
  }
  bool flag_or(bool otherwise) const { return is_null() ? otherwise : json_->as_bool(where_); }
  /// A whole number of `least` to `most`.
  std::int64_t whole(std::int64_t least, std::int64_t most) const {
    const std::int64_t number = json_->as_int(where_);
    if (number < least || number > most) {
      fail("expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
           ", found " + std::to_string(number));
    }
    return number;
  }
  std::int64_t whole_or(std::int64_t otherwise, std::int64_t least, std::int64_t most) const {
    return is_null() ? otherwise : whole(least, most);
  }
  /// A string of one character.
  char32_t character() const {
    if (string().empty() || decode_point(string(), 0).length != string().size()) {
      fail("expected one character, found '" + string() + "'");
    }
    return decode_point(string(), 0).value;
  }

 private:
  std::string pointer(const std::string& key) const { return where_ + "/" + key; }

  const Json* json_;
  std::string where_;
};

/// Token ids are at most this: files that name more are damaged.
inline constexpr std::int64_t kMaxTokenId = (std::int64_t{1} << 26) - 1;

}  // namespace ordo::text
