// Normalizers, pre-tokenizers and decoders one by one, beside the Python package `tokenizers`
// (text_golden.py made the file).
#include <gmock/gmock.h>

#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/text/decoder.h"
#include "ordo/text/normalizer.h"
#include "ordo/text/pre_tokenizer.h"

namespace ordo::text {
namespace {

const std::string kGolden = ORDO_SOURCE_DIR "/ordo/text/golden";

const Json& golden() {
  static const Json json = read_json(kGolden + "/parts.json");
  return json;
}

const Json::Array& strings() {
  static const Json json = read_json(kGolden + "/cases.json");
  return json.at("strings").as_array();
}

TEST(Parts, NormalizersChangeTextAsThePackageDoes) {
  for (const Json& part : golden().at("normalizers").as_array()) {
    SCOPED_TRACE(part.at("config").dump());
    const Normalizer normalizer(Config(part.at("config"), "normalizer"));
    for (std::size_t index = 0; index < strings().size(); ++index) {
      for (const Track track : {Track::nothing, Track::origins}) {
        Normalized text(strings()[index].as_string(), 0, track);
        normalizer.apply(text);
        EXPECT_EQ(text.text(), part.at("texts").as_array()[index].as_string()) << index;
      }
    }
  }
}

TEST(Parts, PreTokenizersCutTextAsThePackageDoes) {
  for (const Json& part : golden().at("pre_tokenizers").as_array()) {
    SCOPED_TRACE(part.at("config").dump());
    const PreTokenizer pre_tokenizer(Config(part.at("config"), "pre_tokenizer"));
    for (std::size_t index = 0; index < strings().size(); ++index) {
      const std::string& text = strings()[index].as_string();
      Pieces pieces{Normalized(text, 0, Track::origins), {}};
      if (!text.empty()) pieces.spans.push_back({0, text.size()});
      pre_tokenizer.apply(pieces);
      Json found = Json::array();
      for (const ByteSpan& span : pieces.spans) {
        const ByteSpan origin = pieces.text.origin(span.begin, span.end);
        found.push_back(Json::array({pieces.text.text().substr(span.begin, span.end - span.begin),
                                     Json(origin.begin), Json(origin.end)}));
      }
      EXPECT_EQ(found.dump(), part.at("pieces").as_array()[index].dump()) << text;
    }
  }
}

TEST(Parts, DecodersJoinTokensAsThePackageDoes) {
  const Json::Array& lists = golden().at("tokens").as_array();
  for (const Json& part : golden().at("decoders").as_array()) {
    SCOPED_TRACE(part.at("config").dump());
    const Decoder decoder(Config(part.at("config"), "decoder"));
    for (std::size_t index = 0; index < lists.size(); ++index) {
      std::vector<std::string> tokens;
      for (const Json& token : lists[index].as_array()) tokens.push_back(token.as_string());
      EXPECT_EQ(decoder.decode(tokens), part.at("texts").as_array()[index].as_string()) << index;
    }
  }
}

TEST(Parts, UnknownTypesListWhatIsKnown) {
  const Json unknown = Json::object({{"type", "Shuffle"}});
  const Config config(unknown, "tokenizer.json: /normalizer");
  using testing::AllOf;
  using testing::HasSubstr;
  EXPECT_THAT([&] { Normalizer{config}; },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("tokenizer.json: /normalizer"),
                                                       HasSubstr("'Shuffle'"), HasSubstr("NFKC"))));
  EXPECT_THAT([&] { PreTokenizer{config}; }, testing::ThrowsMessage<InputError>(AllOf(
                                                 HasSubstr("'Shuffle'"), HasSubstr("Metaspace"))));
  EXPECT_THAT([&] { Decoder{config}; }, testing::ThrowsMessage<InputError>(
                                            AllOf(HasSubstr("'Shuffle'"), HasSubstr("WordPiece"))));
}

}  // namespace
}  // namespace ordo::text
