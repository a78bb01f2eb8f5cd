#include "ordo/board/run_page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ordo/http/server.h"
#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json log_json(const store::Log& log) {
  const auto kept = static_cast<std::int64_t>(log.head.size() + log.tail.size());
  return Json::object({{"head", log.head},
                       {"tail", log.tail},
                       {"omitted", std::max<std::int64_t>(log.bytes - kept, 0)},
                       {"bytes", log.bytes}});
}

Json series_json(const store::Store& store, store::RunId run) {
  Json::Array list;
  for (const store::SeriesInfo& series : store.series_list(run)) {
    list.push_back(Json::object({{"name", series.name},
                                 {"count", series.count},
                                 {"first_step", series.first_step},
                                 {"last_step", series.last_step},
                                 {"last_value", series.last_value}}));
  }
  return list;
}

Json artifacts_json(const store::Store& store, store::RunId run) {
  Json::Array list;
  for (const store::ArtifactRecord& artifact : store.artifacts(run)) {
    list.push_back(
        Json::object({{"name", artifact.name},
                      {"type", artifact.type},
                      {"size", artifact.size},
                      {"hash", artifact.hash},
                      {"url", fmt::format("/api/runs/{}/artifacts/{}", run, artifact.hash)},
                      {"view", view_of(artifact).kind}}));
  }
  return list;
}

Json attempts_json(const store::Store& store, store::CellId cell) {
  Json::Array list;
  for (const store::Run& run : store.attempts(cell)) {
    list.push_back(Json::object({{"run", run.id},
                                 {"attempt", run.attempt},
                                 {"status", to_string(run.status)},
                                 {"started", trial::iso_time(run.start)}}));
  }
  return list;
}

Json environment_json(const store::Store& store, const std::string& hash) {
  if (hash.empty()) return {};
  return Json::object({{"hash", hash}, {"values", store.environment(hash).value_or(JsonObject())}});
}

// Measures of the run, which only the run that counts has.
void add_measures(const StudyData& data, const store::Run& run, Json& page) {
  JsonObject measures, errors;
  for (const trial::CellResult& cell : data.results.cells) {
    if (!cell.run || cell.run->id != run.id) continue;
    for (const auto& [name, value] : cell.values) measures[name] = value;
    for (const auto& [name, reason] : cell.reasons) errors[name] = reason;
  }
  page["measures"] = std::move(measures);
  page["measure_errors"] = std::move(errors);
}

// The end of a name from its last dot, in lower case; empty if there is none.
std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return {};
  std::string end = name.substr(dot + 1);
  std::transform(end.begin(), end.end(), end.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return end;
}

View view_of_type(const std::string& type) {
  static const std::map<std::string, View> kViews = {
      {"image/png", {"image", "image/png"}},
      {"image/jpeg", {"image", "image/jpeg"}},
      {"image/gif", {"image", "image/gif"}},
      {"image/webp", {"image", "image/webp"}},
      {"image/avif", {"image", "image/avif"}},
      {"text/html", {"frame", "text/html; charset=utf-8"}},
      {"image/svg+xml", {"frame", "image/svg+xml"}},
      {"application/json", {"text", "text/plain; charset=utf-8"}},
      {"application/toml", {"text", "text/plain; charset=utf-8"}},
      {"application/x-ndjson", {"text", "text/plain; charset=utf-8"}},
  };
  const std::string essence = type.substr(0, type.find(';'));
  if (const auto found = kViews.find(essence); found != kViews.end()) return found->second;
  if (essence.starts_with("text/")) return {"text", "text/plain; charset=utf-8"};
  return {};
}

View view_of_extension(const std::string& end) {
  static const std::map<std::string, std::string> kTypes = {
      {"png", "image/png"},         {"jpg", "image/jpeg"},         {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},         {"webp", "image/webp"},        {"avif", "image/avif"},
      {"html", "text/html"},        {"htm", "text/html"},          {"svg", "image/svg+xml"},
      {"json", "application/json"}, {"jsonl", "application/json"}, {"toml", "text/plain"},
      {"txt", "text/plain"},        {"log", "text/plain"},         {"csv", "text/plain"},
      {"tsv", "text/plain"},        {"md", "text/plain"},          {"yaml", "text/plain"},
      {"yml", "text/plain"},        {"py", "text/plain"},
  };
  const auto found = kTypes.find(end);
  return found == kTypes.end() ? View() : view_of_type(found->second);
}

// A name that may stand in Content-Disposition (RFC 6266): a plain form for old clients, and all of
// it in percent escapes. The last part of a path only.
std::string disposition(const std::string& word, const std::string& name) {
  const std::string last = name.substr(name.find_last_of("/\\") + 1);
  std::string plain, escaped;
  for (const char c : last) {
    const bool is_simple = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    plain += is_simple ? c : '_';
    escaped +=
        is_simple ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (plain.empty() || plain.front() == '.') plain = escaped = "artifact";
  return fmt::format("{}; filename=\"{}\"; filename*=UTF-8''{}", word, plain, escaped);
}

}  // namespace

View view_of(const store::ArtifactRecord& artifact) {
  if (!artifact.type.empty()) return view_of_type(artifact.type);
  return view_of_extension(extension_of(artifact.name));
}

Json run_page(Library& library, store::RunId id) {
  const store::Store& store = library.store();
  const std::optional<store::Run> run = store.run(id);
  const std::optional<store::Cell> cell = run ? store.cell(run->cell) : std::nullopt;
  if (!cell) throw http::NotFound(fmt::format("there is no run {} in this store", id));
  const std::shared_ptr<const StudyData> data = library.study(cell->study);
  Json page = Json::object({{"revision", data->card.summary.revision},
                            {"id", id},
                            {"label", fmt::format("{}/{}", cell->variant, cell->seed)},
                            {"study", cell->study},
                            {"title", data->card.title},
                            {"cell", cell->id},
                            {"variant", cell->variant},
                            {"seed", cell->seed},
                            {"attempt", run->attempt},
                            {"attempts", attempts_json(store, cell->id)},
                            {"counts", cell->run == id},
                            {"status", to_string(run->status)},
                            {"message", run->reason},
                            {"host", run->host},
                            {"pid", run->pid},
                            {"started", trial::iso_time(run->start)},
                            {"ended", run->end ? trial::iso_time(*run->end) : ""},
                            {"seconds", run->end ? Json(run->wall_seconds) : Json()},
                            {"cpu_seconds", run->cpu_seconds},
                            {"peak_memory", run->peak_memory},
                            {"exit_status", optional_json(run->exit_status)},
                            {"signal", optional_json(run->signal)},
                            {"threads", run->threads},
                            {"fingerprint", run->fingerprint},
                            {"parameters", cell->params},
                            {"results", run->results},
                            {"progress", run->progress},
                            {"environment", environment_json(store, run->environment)},
                            {"log", log_json(store.log(id))},
                            {"series", series_json(store, id)},
                            {"artifacts", artifacts_json(store, id)}});
  add_measures(*data, *run, page);
  return page;
}

http::Response artifact_response(const store::Store& store, store::RunId run,
                                 const std::string& hash, Delivery delivery) {
  const std::vector<store::ArtifactRecord> artifacts = store.artifacts(run);
  const auto artifact =
      std::find_if(artifacts.begin(), artifacts.end(),
                   [&](const store::ArtifactRecord& one) { return one.hash == hash; });
  if (artifact == artifacts.end()) {
    throw http::NotFound(fmt::format("run {} has no artifact of that hash", run));
  }
  const View view = view_of(*artifact);
  http::Response response;
  response.file = store.artifact_path(artifact->hash);
  response.tag = artifact->hash.substr(0, 32) + (delivery == Delivery::view ? "v" : "");
  std::string policy = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'";
  if (delivery == Delivery::view && !view.kind.empty()) {
    response.type = view.type;
    response.headers.emplace_back("Content-Disposition", disposition("inline", artifact->name));
    policy += "; frame-ancestors 'self'";
    if (view.kind == "frame") policy += "; style-src 'unsafe-inline'; img-src data:";
  } else {
    response.type = "application/octet-stream";
    response.headers.emplace_back("Content-Disposition", disposition("attachment", artifact->name));
    policy += "; frame-ancestors 'none'";
  }
  response.headers.emplace_back("Content-Security-Policy", policy);
  return response;
}

}  // namespace ordo::board
