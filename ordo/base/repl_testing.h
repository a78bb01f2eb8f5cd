// Lines for sessions in tests.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/base/repl.h"

namespace ordo {

/// Reads what it is given; "^C" is Ctrl-C.
class ScriptedLines : public LineReader {
 public:
  explicit ScriptedLines(std::deque<std::string> lines) : lines_(std::move(lines)) {}
  std::optional<std::string> read_line(const std::string&) override {
    if (lines_.empty()) return std::nullopt;
    const std::string line = lines_.front();
    lines_.pop_front();
    if (line == "^C") throw Interrupted();
    return line;
  }
  void remember(const std::string& line) override { history.push_back(line); }
  std::vector<std::string> history;

 private:
  std::deque<std::string> lines_;
};

}  // namespace ordo
