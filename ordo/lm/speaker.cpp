#include "ordo/lm/speaker.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/lm/stop_filter.h"
#include "ordo/text/chat_template.h"

namespace ordo::lm {
namespace {

text::ChatTemplate template_of(const TextModel& opened, const SpeakerOptions& options) {
  if (options.chat_template != "auto") {
    return text::ChatTemplate(text::known_chat_template(options.chat_template),
                              options.chat_template);
  }
  const auto& own = opened.tokenizer.roles().chat_template;
  if (!own) {
    const auto& path = options.model.path;
    throw UsageError(fmt::format("{} has no chat template; name one with --template",
                                 path.empty() ? "the built-in model" : "'" + path.string() + "'"));
  }
  return text::ChatTemplate(*own, "the model's chat template");
}

// Every answer has its own seed, drawn from the run's.
std::uint64_t seed_of(const Json::Array& messages, const Context& context) {
  return context.random.split(messages.size()).next64();
}

class ModelSpeaker : public Speaker {
 public:
  ModelSpeaker(const SpeakerOptions& options, const Context& context)
      : opened_(open_text_model(options.model, context)),
        template_(template_of(opened_, options)),
        writing_(options.writing),
        reading_(opened_.model->config()) {
    const text::TokenRoles& roles = opened_.tokenizer.roles();
    const auto name_of = [&](const std::optional<text::TokenId>& token) {
      return token ? opened_.tokenizer.token_of(*token) : std::string();
    };
    settings_ = {.bos_token = name_of(roles.bos), .eos_token = name_of(roles.eos)};
  }

  std::string answer(const Json::Array& messages, const TextReceiver& receive,
                     Context& context) override {
    // The template spells special tokens out, so the tokenizer must not add more.
    const std::string prompt = template_.render(Json(messages), settings_);
    const Request request{opened_.tokenizer.encode(prompt, {.add_special_tokens = false}),
                          seed_of(messages, context)};
    const auto show = [&](std::size_t, std::string_view piece) {
      if (receive) receive(piece);
    };
    return write_texts(opened_, writing_, {request}, context, show, &reading_).front().text;
  }

 private:
  TextModel opened_;
  text::ChatTemplate template_;
  WritingOptions writing_;
  text::ChatOptions settings_;
  Reading reading_;  // a conversation begins as it did before
};

class EndpointSpeaker : public Speaker {
 public:
  EndpointSpeaker(const SpeakerOptions& options, http::Secret key)
      : endpoint_(options.endpoint, std::move(key)), writing_(options.writing) {}

  std::string answer(const Json::Array& messages, const TextReceiver& receive,
                     Context& context) override {
    const http::ChatRequest request = request_of(messages, context);
    // Servers end before stop strings, as they are asked to; not all keep to it.
    StopFilter stops(writing_.stop);
    std::string text;
    const auto add = [&](const std::string& piece) {
      text += piece;
      if (receive && !piece.empty()) receive(piece);
    };
    const auto take = [&](std::string_view piece) {
      add(stops.push(piece));
      return !stops.stopped();
    };
    if (receive) {
      endpoint_.stream(request, take, context);
    } else {
      take(endpoint_.complete(request, context).content);
    }
    add(stops.finish());
    return text;
  }

 private:
  // What every server takes is always said; what only some know, only where it is asked for.
  http::ChatRequest request_of(const Json::Array& messages, const Context& context) const {
    const SamplingOptions& sampling = writing_.sampling;
    http::ChatRequest request{.max_tokens = writing_.max_tokens,
                              .temperature = sampling.temperature,
                              // 31 bits fit every server's type.
                              .seed = static_cast<std::int64_t>(seed_of(messages, context) >> 33),
                              .stop = writing_.stop};
    for (const Json& one : messages) {
      request.messages.push_back(
          {.role = one.find("role")->as_string(), .content = one.find("content")->as_string()});
    }
    request.more["top_p"] = sampling.top_p;
    if (sampling.top_k > 0) request.more["top_k"] = sampling.top_k;
    if (sampling.min_p > 0) request.more["min_p"] = sampling.min_p;
    if (sampling.presence_penalty != 0) {
      request.more["presence_penalty"] = sampling.presence_penalty;
    }
    if (sampling.frequency_penalty != 0) {
      request.more["frequency_penalty"] = sampling.frequency_penalty;
    }
    return request;
  }

  http::Endpoint endpoint_;
  WritingOptions writing_;
};

}  // namespace

void SpeakerOptions::describe(OptionSet& set) {
  set.add("model", model.path,
          "Folder of a model (Hugging Face's format), or a .gguf file; without it, tiny-english, "
          "which is built in; with --endpoint, the model's name there.")
      .short_name('m')
      .placeholder("MODEL");
  model.describe_details(set);
  endpoint.describe(set);
  set.add("template", chat_template,
          "How messages become a prompt; auto: as the model's folder says.")
      .choices({"auto", "chatml", "llama2", "llama3", "mistral", "zephyr"});
  writing.describe(set);
}

void SpeakerOptions::check() const {
  writing.check();
  if (endpoint.url.empty()) return;
  const auto refuse = [](bool is_used, std::string_view option) {
    if (!is_used) return;
    throw UsageError(fmt::format(
        "{} is for models that run here: leave it out, or leave out --endpoint", option));
  };
  refuse(model.dtype != "auto", "--dtype");
  refuse(!model.adapter.empty(), "--adapter");
  refuse(chat_template != "auto", "--template");
  refuse(writing.beams > 1, "--beams");
  refuse(writing.overflow != "refuse", "--overflow");
  refuse(writing.sampling.repetition_penalty != 1, "--repetition-penalty");
}

std::unique_ptr<Speaker> open_speaker(const SpeakerOptions& options, http::Secret key,
                                      const Context& context) {
  options.check();
  if (options.endpoint.url.empty()) return std::make_unique<ModelSpeaker>(options, context);
  SpeakerOptions named = options;
  named.endpoint.model = options.model.path.string();
  return std::make_unique<EndpointSpeaker>(named, std::move(key));
}

}  // namespace ordo::lm
