#include "ordo/report/report.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/report/pack.h"
#include "ordo/report/page.h"
#include "ordo/report/sample.h"

namespace ordo::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// Ends a script, opens an element, runs code, and holds a byte that is no UTF-8.
const std::string kHostile =
    "</script><img src=x onerror=\"window.pwned=1\"><!--<script>&\xFF\xE2\x80\xA8";

// What an HTML parser would take for the embedded document's text.
std::string embedded_json(const std::string& html) {
  const std::string open = R"(id="ordo-document">)";
  const std::size_t begin = html.find(open) + open.size();
  return html.substr(begin, html.find("</script", begin) - begin);
}

TEST(Pack, WritesTheBase64OfLittleEndianNumbers) {
  // python3 -c "import struct,base64; print(base64.b64encode(struct.pack('<2d', 1.5, -0.1)),
  //   base64.b64encode(struct.pack('<2f', 1.5, -0.1)))"
  const std::vector<double> values = {1.5, -0.1};
  EXPECT_EQ(pack_f64(values).at("f64").as_string(), "AAAAAAAA+D+amZmZmZm5vw==");
  EXPECT_EQ(pack_f32(values).at("f32").as_string(), "AADAP83MzL0=");
}

TEST(Escape, LeavesNoMarkupInHtml) {
  EXPECT_EQ(escape_html("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
}

TEST(Escape, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(repair_utf8("a\xFF"
                        "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(repair_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80").size(), 12U);                          // above U+10FFFF
  EXPECT_EQ(repair_utf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut off
  EXPECT_EQ(repair_utf8("\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xA9"),
            "\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xA9");
}

TEST(Escape, KeepsTheMeaningOfJson) {
  const Json value = Json::object({{"<&>", "</script>\xE2\x80\xA9<!--"}});
  const std::string escaped = escape_script_json(value.dump());
  EXPECT_THAT(escaped, Not(testing::AnyOf(HasSubstr("<"), HasSubstr(">"), HasSubstr("&"))));
  EXPECT_EQ(parse_json(escaped), value);
}

TEST(Report, EmbedsADocumentThatReadsBackEqual) {
  const Document document = sample_document({.seeds = 3, .points = 30, .hostile = "</script>"});
  EXPECT_EQ(parse_json(embedded_json(render_html(document))).dump(), to_json(document).dump());
}

TEST(Report, LetsNoTextOfARunBecomeMarkup) {
  const std::string clean = render_html(sample_document({.seeds = 2, .points = 20}));
  const std::string html =
      render_html(sample_document({.seeds = 2, .points = 20, .hostile = kHostile}));
  const auto count = [](const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  for (const std::string part : {"<script", "</script", "<img", "<!--"}) {
    EXPECT_EQ(count(html, part), count(clean, part)) << part;
  }
  EXPECT_EQ(repair_utf8(html), html);
}

TEST(Report, KeepsMarksInTextsAsText) {
  Document document = sample_document({.seeds = 2, .points = 20});
  document.title = "{{ordo:plain}}{{ordo:data}}";
  const std::string html = render_html(document);
  EXPECT_THAT(html, HasSubstr("<title>{{ordo:plain}}{{ordo:data}}</title>"));
  EXPECT_EQ(parse_json(embedded_json(html)).dump(), to_json(document).dump());
}

TEST(Report, GivesEqualBytesForEqualDocuments) {
  EXPECT_EQ(render_html(sample_document({})), render_html(sample_document({})));
}

TEST(Report, StaysSmallAtFiveHundredRuns) {
  const Document document = sample_document({.variants = 5, .seeds = 100, .points = 1000});
  // A kept point costs 8 + 4 bytes, 4/3 in base64; two metrics; a thousandfold margin for texts.
  const std::size_t series = 500 * 200 * 2 * (8 + 4) * 4 / 3;
  EXPECT_LT(render_html(document).size(), page_template().size() + series + 500 * 1500);
}

TEST(Report, AllowsOnlyItsOwnScriptAndStyle) {
  const std::string html = render_html(sample_document({.seeds = 2, .points = 20}));
  EXPECT_THAT(html, HasSubstr("default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(html, Not(HasSubstr("'unsafe-")));
}

TEST(Report, RefusesNamesThatTheDocumentLacks) {
  Document document = sample_document({.seeds = 2, .points = 20});
  document.table[0].measure = "nope";
  try {
    to_json(document);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "report: the table names the measure 'nope', which the document lacks");
  }
  document = sample_document({.seeds = 2, .points = 20});
  document.runs[1].environment = 1;
  EXPECT_THROW(to_json(document), UsageError);
  document = sample_document({.seeds = 2, .points = 20});
  document.runs[1].id = document.runs[0].id;
  EXPECT_THROW(to_json(document), UsageError);
}

TEST(Report, RefusesBandsOfUnequalLength) {
  Document document = sample_document({.seeds = 2, .points = 20});
  document.curves[0].high.pop_back();
  EXPECT_THROW(to_json(document), UsageError);
}

// The browser test (web/check) names the folder; else the files go to a temporary one.
TEST(Report, WritesTheFilesThatTheBrowserTestOpens) {
  const char* asked = std::getenv("ORDO_REPORT_SAMPLES");
  const TempFolder temporary;
  const std::filesystem::path folder = asked != nullptr ? asked : temporary.path();
  write_html(sample_document({}), folder / "sample.html");
  write_html(sample_document({.hostile = kHostile}), folder / "hostile.html");
  write_html(sample_document({.variants = 5, .seeds = 100, .points = 1000}), folder / "large.html");
  write_html(Document{.title = "Nothing yet"}, folder / "empty.html");
  EXPECT_THAT(read_file(folder / "sample.html"), HasSubstr("</html>"));
}

TEST(Report, SaysThatAFileCannotBeWritten) {
  EXPECT_THROW(write_html(sample_document({.seeds = 2, .points = 20}), "/proc/no/report.html"),
               IoError);
}

}  // namespace
}  // namespace ordo::report
