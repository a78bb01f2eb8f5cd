#include "ordo/trial/spec_schema.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/trial/spec.h"

namespace ordo::trial {
namespace {

Json schema_of(std::string_view type) { return Json::object({{"type", type}}); }
Json any_of(Json::Array choices) { return Json::object({{"anyOf", std::move(choices)}}); }
Json list_of(Json items) {
  return Json::object({{"type", "array"}, {"items", std::move(items)}, {"minItems", 1}});
}

std::vector<FreeKey> command_keys() {
  return {
      {"run", "a string or strings",
       "The program and its words. A string is split at blanks as a shell would; `{placeholders}` "
       "are filled in afterwards, so that a value is never split.",
       any_of({schema_of("string"), list_of(schema_of("string"))})},
      {"worker", "a string or strings",
       "Of `kind = \"worker\"`: the program that stays loaded and forks for each cell; `run` holds "
       "the words of a cell. No placeholders.",
       any_of({schema_of("string"), list_of(schema_of("string"))})},
      {"env", "a table of strings", "Environment variables set besides the inherited ones.",
       Json::object({{"type", "object"}, {"additionalProperties", schema_of("string")}})},
      {"folder", "a string", "Working folder, relative to the study's file. Default: beside it.",
       schema_of("string")},
      {"stdin", "a string", "Text for standard input. Default: none.", schema_of("string")},
      {"shell", "true or false",
       "Hand `run` to `/bin/sh -c`; values are quoted as they are filled in. Default: false.",
       schema_of("boolean")},
  };
}

std::vector<FreeKey> search_keys() {
  return {{"samples", "an integer", "How many random settings.",
           Json::object({{"type", "integer"}, {"minimum", 1}})},
          {"seed", "an integer", "Seed of the draws, apart from the cells' seeds. Default: 0.",
           Json::object({{"type", "integer"}, {"minimum", 0}})}};
}

Json distribution_schema() {
  const Json pair = Json::object(
      {{"type", "array"}, {"items", schema_of("number")}, {"minItems", 2}, {"maxItems", 2}});
  return Json::object({{"type", "object"},
                       {"minProperties", 1},
                       {"maxProperties", 1},
                       {"properties", Json::object({{"uniform", pair},
                                                    {"loguniform", pair},
                                                    {"int", pair},
                                                    {"choice", list_of(Json::object())}})},
                       {"additionalProperties", false}});
}

// The defaults that the reference shows; they live as long as the program.
struct Defaults {
  StudyOptions study;
  ClaimText claim;
  ReportOptions report;
};

std::vector<Section> make_sections() {
  static Defaults defaults;
  const Json seeds =
      any_of({Json::object({{"type", "integer"}, {"minimum", 1}}), list_of(schema_of("integer"))});
  const Json value = any_of({schema_of("string"), schema_of("number"), schema_of("boolean"),
                             schema_of("array"), schema_of("object")});
  using Form = Section::Form;
  return {
      {Form::table,
       "study",
       "The comparison as a whole.",
       describe(defaults.study),
       {{"seeds", "an integer or integers",
         "The registered seeds: a number n stands for 1 to n. Claims are tested when all of them "
         "are there.",
         seeds}},
       "",
       {},
       {"seeds"}},
      {Form::table,
       "fixed",
       "Parameters that all variants share.",
       {},
       {},
       "a parameter",
       value,
       {}},
      {Form::table,
       "vary",
       "A grid: each line is a parameter and the values it takes; every combination is a variant.",
       {},
       {},
       "a parameter and its values",
       list_of(value),
       {}},
      {Form::blocks,
       "zip",
       "Parameters that move together: the first value of one with the first of the others, and so "
       "on.",
       {},
       {},
       "a parameter and its values",
       list_of(value),
       {}},
      {Form::blocks,
       "variant",
       "A named variant: what it sets overrides `[fixed]`. With `[vary]`, `[[zip]]` or `[search]` "
       "each block is combined with every setting.",
       {},
       {{"name", "a string", "How claims and tables call it.", schema_of("string")},
        {"note", "a string", "A remark for the report.", schema_of("string")},
        {"command", "a table", "Its own command, with the keys of `[command]`.",
         schema_of("object")}},
       "a parameter",
       value,
       {"name"}},
      {Form::blocks,
       "exclude",
       "Variants to leave out: those that match every line, where a line lists one value or "
       "several. `variant` stands for a block's name.",
       {},
       {},
       "a parameter and a value, or several values",
       value,
       {}},
      {Form::table,
       "search",
       "Random settings instead of a grid. A parameter is `{ uniform = [low, high] }`, "
       "`{ loguniform = [low, high] }`, `{ int = [low, high] }` (both ends included) or "
       "`{ choice = [...] }`. More samples keep the earlier ones as they are.",
       {},
       search_keys(),
       "a parameter and its distribution",
       distribution_schema(),
       {"samples"}},
      {Form::table, "command", "How a cell is run.", {}, command_keys(), "", {}, {"run"}},
      {Form::table,
       "measure",
       "A name and an expression that makes one number of each cell's metrics and results.",
       {},
       {},
       "a name and an expression",
       schema_of("string"),
       {}},
      {Form::blocks,
       "claim",
       "A statement about measures of variants that is tested.",
       describe(defaults.claim),
       {},
       "",
       {},
       {"text"}},
      {Form::table,
       "report",
       "What the HTML page shows.",
       describe(defaults.report),
       {},
       "",
       {},
       {}},
  };
}

std::string type_in_words(const Option& option) {
  static constexpr std::array<std::string_view, 5> kWords = {"true or false", "an integer",
                                                             "a number", "a string", "a path"};
  std::string words = option.allowed().empty()
                          ? std::string(kWords[static_cast<std::size_t>(option.type())])
                          : fmt::format("{}", fmt::join(option.allowed(), ", "));
  return option.is_list() ? "array, each " + words : words;
}

std::string default_in_words(const Option& option) {
  if (option.is_required()) return "required";
  return "`" + option.get().dump() + "`";
}

Json section_schema(const Section& part) {
  Json schema = part.options.schema();
  JsonObject& object = schema.as_object();
  object.erase("$schema");
  object["description"] = part.help;
  JsonObject properties = object["properties"].as_object();
  for (const FreeKey& key : part.keys) {
    Json one = key.schema;
    one["description"] = key.help;
    properties[key.name] = std::move(one);
  }
  object["properties"] = std::move(properties);
  object["required"] = Json::array_of(part.required);
  object["additionalProperties"] = part.others.empty() ? Json(false) : part.others_schema;
  if (part.form == Section::Form::table) return schema;
  return Json::object({{"type", "array"}, {"items", std::move(schema)}});
}

}  // namespace

const std::vector<Section>& sections() {
  static const std::vector<Section> kSections = make_sections();
  return kSections;
}

const Section& section(std::string_view name) {
  return *std::find_if(sections().begin(), sections().end(),
                       [&](const Section& one) { return one.name == name; });
}

Json spec_schema() {
  JsonObject properties;
  for (const Section& part : sections()) properties[part.name] = section_schema(part);
  return Json::object({{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", "An Ordo study"},
                       {"type", "object"},
                       {"properties", std::move(properties)},
                       {"required", Json::array({"study", "command"})},
                       {"additionalProperties", false}});
}

std::string spec_markdown() {
  std::string text;
  for (const Section& part : sections()) {
    const bool is_table = part.form == Section::Form::table;
    text += fmt::format("### `{}{}{}`\n\n{}\n\n", is_table ? "[" : "[[", part.name,
                        is_table ? "]" : "]]", part.help);
    text += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    for (const FreeKey& key : part.keys) {
      const bool needed = std::count(part.required.begin(), part.required.end(), key.name) > 0;
      text += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.type, needed ? "required" : "",
                          key.help);
    }
    for (const Option& option : part.options.options()) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", option.name(), type_in_words(option),
                          default_in_words(option), option.help());
    }
    if (!part.others.empty()) text += fmt::format("| *any other* | {} | | |\n", part.others);
    text += "\n";
  }
  return text;
}

}  // namespace ordo::trial
