#include "ordo/base/context.h"

#include <utility>

namespace ordo {

void Context::progress(const std::string& task, double done, double total,
                       const std::string& unit) {
  events->emit({.body = Progress{task, done, total, unit}, .cell = {}});
}

void Context::metric(const std::string& name, double step, double value) {
  events->emit({.body = Metric{name, step, value}, .cell = {}});
}

void Context::result(JsonObject values) {
  events->emit({.body = Result{std::move(values)}, .cell = {}});
}

void Context::artifact(const std::string& path, const std::string& name, const std::string& type) {
  events->emit({.body = Artifact{path, name, type}, .cell = {}});
}

void Context::info(const std::string& text) {
  events->emit({.body = Message{Message::Level::info, text}, .cell = {}});
}

void Context::warn(const std::string& text) {
  events->emit({.body = Message{Message::Level::warning, text}, .cell = {}});
}

}  // namespace ordo
