#include "ordo/lm/run_score.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"
#include "ordo/lm/pooling.h"
#include "ordo/tensor/arrays.h"

namespace ordo::lm {
namespace {

std::vector<std::string> all_texts(const std::vector<std::string>& given,
                                   const std::filesystem::path& file) {
  std::vector<std::string> texts = given;
  if (!file.empty()) {
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) texts.push_back(line);
    }
  }
  if (texts.empty()) throw UsageError("expected a text, or --file with some");
  return texts;
}

void require_decoder(const TextModel& opened) {
  if (opened.model->config().is_encoder()) {
    throw UsageError("an encoder does not predict text; it is for 'ordo lm embed'");
  }
}

torch::Tensor pooled(const torch::Tensor& hidden, const torch::Tensor& real,
                     const std::string& pooling) {
  if (pooling == "last") return last_token(hidden, real);
  if (pooling == "first") return hidden.select(1, 0);
  return mean_of_tokens(hidden, real);
}

}  // namespace

void PplOptions::describe(OptionSet& set) {
  set.positional("file", files, "Files of text, read as one.").required();
  model.describe(set);
  set.add("window", windows.window, "Tokens that are read at once; 0: the model's context.")
      .range(0, 1 << 24);
  set.add("batch", windows.batch, "Windows that are read at once.").range(1, 1 << 16);
}

PplResult ppl(const PplOptions& options, Context& context) {
  const TextModel opened = open_text_model(options.model, context);
  require_decoder(opened);
  std::string all;
  for (const auto& file : options.files) all += read_file(file);
  PplResult result;
  result.text_bytes = static_cast<std::int64_t>(all.size());
  const std::vector<std::int64_t> tokens = opened.tokenizer.encode(all);
  result.text_tokens = static_cast<std::int64_t>(tokens.size());
  const auto begin = std::chrono::steady_clock::now();
  result.perplexity = perplexity(*opened.model, tokens, options.windows, context);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  context.metric("perplexity", 0, result.perplexity.perplexity);
  return result;
}

Json to_json(const PplResult& result) {
  return Json::object({{"perplexity", result.perplexity.perplexity},
                       {"loss", result.perplexity.mean_loss},
                       {"windows", result.perplexity.windows},
                       {"tokens", result.perplexity.tokens},
                       {"text-tokens", result.text_tokens},
                       {"text-bytes", result.text_bytes},
                       {"seconds", result.seconds}});
}

std::string to_text(const PplResult& result) {
  const Perplexity& found = result.perplexity;
  return fmt::format(
      "perplexity {:.4f} ({:.4f} nats a token) over {} tokens in {} window{}, {:.0f} tokens/s\n",
      found.perplexity, found.mean_loss, found.tokens, found.windows, found.windows == 1 ? "" : "s",
      static_cast<double>(found.tokens) / result.seconds);
}

void ScoreOptions::describe(OptionSet& set) {
  set.positional("text", texts, "Texts to score.");
  model.describe(set);
  set.add("file", file, "File of texts, one a line.").placeholder("FILE");
  set.add("tokens", tokens, "Tell of each token.");
}

ScoreResult score(const ScoreOptions& options, Context& context) {
  const std::vector<std::string> texts = all_texts(options.texts, options.file);
  const TextModel opened = open_text_model(options.model, context);
  require_decoder(opened);
  ScoreResult result;
  for (const std::string& text : texts) {
    context.check_stop();
    const std::vector<std::int64_t> tokens = opened.prompt(text);
    ScoredText one{.text = text, .each = log_probabilities(*opened.model, tokens)};
    one.log_probability = std::accumulate(one.each.begin(), one.each.end(), 0.0);
    one.count = static_cast<std::int64_t>(one.each.size());
    if (options.tokens) {
      for (const std::int64_t token : tokens)
        one.tokens.push_back(opened.tokenizer.token_of(token));
    } else {
      one.each.clear();
    }
    result.texts.push_back(std::move(one));
  }
  return result;
}

Json to_json(const ScoreResult& result) {
  Json::Array texts;
  for (const ScoredText& one : result.texts) {
    JsonObject object = {
        {"text", one.text}, {"log-probability", one.log_probability}, {"tokens", one.count}};
    Json::Array each;
    for (std::size_t token = 0; token < one.each.size(); ++token) {
      each.push_back(
          Json::object({{"token", one.tokens[token + 1]}, {"log-probability", one.each[token]}}));
    }
    if (!each.empty()) object["each"] = Json(std::move(each));
    texts.push_back(Json(std::move(object)));
  }
  return Json::object({{"texts", Json(std::move(texts))}});
}

std::string to_text(const ScoreResult& result) {
  std::string out;
  for (const ScoredText& one : result.texts) {
    out += fmt::format("{:12.4f}  {:5} tokens  {}\n", one.log_probability, one.count, one.text);
    for (std::size_t token = 0; token < one.each.size(); ++token) {
      out += fmt::format("{:12.4f}    {}\n", one.each[token], one.tokens[token + 1]);
    }
  }
  return out;
}

void EmbedOptions::describe(OptionSet& set) {
  set.positional("text", texts, "Texts to embed.");
  model.describe(set);
  set.add("file", file, "File of texts, one a line.").placeholder("FILE");
  set.add("out", out, "NPY file for the vectors, [texts, width].")
      .placeholder("FILE")
      .short_name('o');
  set.add("pooling", pooling, "Which tokens' states make the vector.")
      .choices({"mean", "first", "last"});
  set.add("normalise", normalise, "Scale vectors to length 1.");
  set.add("batch", batch, "Texts that are read at once.").range(1, 1 << 16);
}

EmbedResult embed(const EmbedOptions& options, Context& context) {
  const std::vector<std::string> texts = all_texts(options.texts, options.file);
  const TextModel opened = open_text_model(options.model, context);
  const auto room = static_cast<std::size_t>(opened.model->config().positions);
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parts;
  const auto step = static_cast<std::size_t>(options.batch);
  for (std::size_t begin = 0; begin < texts.size(); begin += step) {
    context.check_stop();
    std::vector<std::vector<std::int64_t>> rows;
    for (std::size_t text = begin; text < std::min(begin + step, texts.size()); ++text) {
      rows.push_back(opened.tokenizer.encode(texts[text]));
      if (rows.back().size() > room) rows.back().resize(room);
    }
    Input input = pad(rows, Side::right);
    input.tokens = input.tokens.to(opened.model->device());
    if (input.real.defined()) input.real = input.real.to(opened.model->device());
    torch::Tensor vectors =
        pooled(opened.model->hidden(input), input.real, options.pooling).to(torch::kFloat32);
    if (options.normalise) {
      vectors = vectors / vectors.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
    }
    parts.push_back(vectors.cpu());
    context.progress("embedding", static_cast<double>(begin + rows.size()),
                     static_cast<double>(texts.size()), "texts");
  }
  const torch::Tensor all = torch::cat(parts).contiguous();
  EmbedResult result{.texts = all.size(0), .width = all.size(1), .out = options.out};
  if (!options.out.empty()) {
    write_npy(options.out, tensor::to_array(all));
    context.artifact(options.out.string());
    return result;
  }
  const auto* const numbers = all.const_data_ptr<float>();
  for (std::int64_t row = 0; row < result.texts; ++row) {
    result.vectors.emplace_back(numbers + row * result.width, numbers + (row + 1) * result.width);
  }
  return result;
}

Json to_json(const EmbedResult& result) {
  JsonObject object = {{"texts", result.texts}, {"width", result.width}};
  if (!result.out.empty()) object["out"] = result.out.string();
  Json::Array vectors;
  for (const auto& vector : result.vectors) {
    vectors.push_back(Json::array_of(std::vector<double>(vector.begin(), vector.end())));
  }
  if (!vectors.empty()) object["vectors"] = Json(std::move(vectors));
  return Json(std::move(object));
}

std::string to_text(const EmbedResult& result) {
  if (!result.out.empty()) {
    return fmt::format("{} vectors of {} numbers in {}\n", result.texts, result.width,
                       result.out.string());
  }
  std::string out;
  for (const auto& vector : result.vectors) {
    for (std::size_t place = 0; place < vector.size(); ++place) {
      out += fmt::format("{}{:.6g}", place == 0 ? "" : " ", vector[place]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace ordo::lm
