#include "ordo/lm/writing.h"

#include <utility>

#include "ordo/base/error.h"
#include "ordo/lm/beam_search.h"
#include "ordo/lm/stop_filter.h"

namespace ordo::lm {
namespace {

// The text of one request as it grows.
class Growing {
 public:
  Growing(const TextModel& opened, const WritingOptions& options, TextReceiver receive)
      : decoder_(opened.tokenizer), stops_(options.stop), receive_(std::move(receive)) {}

  /// Whether the text goes on.
  bool push(std::int64_t token) {
    add(stops_.push(decoder_.push(token)));
    return !stops_.stopped();
  }
  Written finish(const Generated& generated) {
    add(stops_.push(decoder_.finish()));
    add(stops_.finish());
    return {.text = std::move(text_),
            .end = stops_.stopped() ? "stop" : to_string(generated.end),
            .tokens = static_cast<std::int64_t>(generated.tokens.size()),
            .log_probability = generated.log_probability};
  }

 private:
  void add(const std::string& piece) {
    text_ += piece;
    if (receive_ && !piece.empty()) receive_(piece);
  }

  text::StreamDecoder decoder_;
  StopFilter stops_;
  TextReceiver receive_;
  std::string text_;
};

std::vector<Written> sample(const TextModel& opened, const WritingOptions& options,
                            const std::vector<Request>& requests, Context& context,
                            std::vector<Growing>& growing, Reading* reading) {
  const GenerateOptions settings{
      .max_tokens = options.max_tokens,
      .sampling = options.sampling,
      .end_tokens = opened.end_tokens(),
      .overflow = options.overflow == "slide" ? Overflow::slide : Overflow::refuse};
  const auto texts = generate(
      *opened.model, requests, settings, context,
      [&](std::size_t request, std::int64_t token) { return growing[request].push(token); },
      reading);
  std::vector<Written> written;
  for (std::size_t request = 0; request < requests.size(); ++request) {
    written.push_back(growing[request].finish(texts[request]));
  }
  return written;
}

Written search(const TextModel& opened, const WritingOptions& options, const Request& request,
               Context& context, Growing& growing) {
  const auto best = beam_search(*opened.model, request.prompt,
                                {.beams = options.beams,
                                 .max_tokens = options.max_tokens,
                                 .length_penalty = options.length_penalty,
                                 .end_tokens = opened.end_tokens()},
                                context);
  for (const std::int64_t token : best.front().tokens) {
    if (!growing.push(token)) break;
  }
  return growing.finish(best.front());
}

}  // namespace

void WritingOptions::describe(OptionSet& set) {
  set.add("max-tokens", max_tokens, "The longest text, in tokens.")
      .range(1, 1 << 24)
      .short_name('n');
  sampling.describe(set);
  set.add("beams", beams, "Candidates of a beam search, instead of drawing; 1: draw.")
      .range(1, 1024);
  set.add("length-penalty", length_penalty, "Beam search compares log probability / tokens ^ this.")
      .range(-10, 10);
  set.add("stop", stop, "End a text before this string; may be given several times.");
  set.add("overflow", overflow,
          "When prompt and text outgrow the model's context: refuse, or slide on from its last "
          "half.")
      .choices({"refuse", "slide"});
}

void WritingOptions::check() const {
  if (beams > 1 && overflow == "slide") {
    throw UsageError("a beam search cannot slide; shorten the prompt, or leave out --beams");
  }
  for (const std::string& one : stop) {
    if (one.empty()) throw UsageError("--stop needs a text that is not empty");
  }
}

std::vector<Written> write_texts(
    const TextModel& opened, const WritingOptions& options, const std::vector<Request>& requests,
    Context& context,
    const std::function<void(std::size_t request, std::string_view piece)>& receive,
    Reading* reading) {
  std::vector<Growing> growing;
  for (std::size_t request = 0; request < requests.size(); ++request) {
    TextReceiver one;
    if (receive) one = [&receive, request](std::string_view piece) { receive(request, piece); };
    growing.emplace_back(opened, options, std::move(one));
  }
  if (options.beams == 1) return sample(opened, options, requests, context, growing, reading);
  std::vector<Written> written;
  for (std::size_t request = 0; request < requests.size(); ++request) {
    written.push_back(search(opened, options, requests[request], context, growing[request]));
  }
  return written;
}

}  // namespace ordo::lm
