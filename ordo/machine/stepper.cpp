// States hold indices into one table of texts, and of each stack what changed, so that a page grows
// with the work that it shows and not with the stacks' depth. The page's script draws with
// textContent only, so no text of a program can become markup. In the JSON of a script element `<`
// is written as \u003c, so that "</script>" cannot end it.
#include "ordo/machine/stepper.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "ordo/base/json.h"

namespace ordo::machine {
namespace {

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--bg:#fbfaf7;--fg:#1d1d1f;--dim:#5c5c66;--line:#d5d2ca;--card:#fff;
--accent:#0b57b0;--new:#dcebff}
@media(prefers-color-scheme:dark){:root{--bg:#17181c;--fg:#ececf0;--dim:#a8a8b3;--line:#3a3b42;
--card:#202127;--accent:#8ab8ff;--new:#1f3a5f}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,sans-serif}main{max-width:1100px;margin:0 auto;padding:1rem}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:.95rem;margin:.2rem 0;color:var(--dim)}
pre,code,li,.focus{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9rem;
overflow-wrap:anywhere;white-space:pre-wrap}
pre,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
pre{max-height:14rem;overflow:auto}.bar{position:sticky;top:0;background:var(--bg);display:flex;
gap:.5rem;align-items:center;padding:.6rem 0;flex-wrap:wrap}
button{font:inherit;padding:.3rem .8rem;border-radius:6px;border:1px solid var(--line);
background:var(--card);color:var(--fg);cursor:pointer}button:disabled{opacity:.45;cursor:default}
button:focus-visible,input:focus-visible,pre:focus-visible{outline:3px solid var(--accent)}
input{flex:1;min-width:10rem}.rule{font-weight:600;color:var(--accent)}
.row{display:flex;gap:.8rem;align-items:flex-end;flex-wrap:wrap;margin:.6rem 0}
.card{min-width:7rem;max-width:100%}.card.changed{border-color:var(--accent)}
.card ol{list-style:none;margin:0;padding:0;max-height:45vh;overflow:auto}
.card li{border-top:1px solid var(--line);padding:.1rem .3rem}.card li:first-child{border-top:0}
li.new{background:var(--new)}.empty{color:var(--dim);font-style:italic}
.focus{background:var(--card);border-left:4px solid var(--accent);padding:.5rem .8rem;
max-height:40vh;overflow:auto}.focus mark{background:var(--new);color:inherit;border-radius:3px}
@media(max-width:40rem){main{padding:.6rem}.bar{gap:.35rem}button{padding:.3rem .6rem}
#count{margin-left:auto}input{order:9;flex-basis:100%}.card{min-width:0}}
)css";

constexpr const char* kScript = R"js(
const data=JSON.parse(document.getElementById('data').textContent);
const T=data.texts,S=data.states,$=id=>document.getElementById(id);let at=0;
// A stack is a chain from its top, shared with the state before as far as it did not change.
const depth=c=>c?c.depth:0;
function grow(chain,[keep,items]){while(depth(chain)>keep)chain=chain.below;
 for(const text of items)chain={text,below:chain,depth:depth(chain)+1};return chain}
S.forEach((s,i)=>{const p=i?S[i-1]:{chains:new Map()};s.chains=new Map();
 for(const[name,...change]of s.stacks)s.chains.set(name,grow(p.chains.get(name)||null,change));
 s.handlers=grow(p.handlers||null,s.rail)});
function list(chain,keep){const ol=document.createElement('ol');
 const add=(text,kind)=>{const li=document.createElement('li');li.textContent=text;
  li.className=kind;ol.append(li)};
 let shown=0;for(;chain&&shown<200;chain=chain.below,shown++)
  add(T[chain.text],chain.depth>keep?'new':'');
 if(chain)add(chain.depth+' more below','empty');else if(!shown)add('empty','empty');
 return ol}
function card(name,chain,keep,before){const div=document.createElement('section');
 div.className=keep<depth(chain)||keep<before?'card changed':'card';
 const h=document.createElement('h2');h.textContent=name;
 div.append(h,list(chain,keep));return div}
// The end of a term's first step: its first '.', ';' or '^' outside brackets and strings.
function head(text){let open=0,quoted=false;
 for(let i=0;i<text.length;i++){const c=text[i];
  if(quoted){if(c==='\\')i++;else if(c==='"')quoted=false}
  else if(c==='"')quoted=true;else if('(['.includes(c))open++;else if(')]'.includes(c))open--;
  else if(!open&&'.;^'.includes(c)&&i)return i}
 return text.length}
function focus(text){const end=head(text),mark=document.createElement('mark');
 mark.textContent=text.slice(0,end);$('focus').replaceChildren(mark,text.slice(end))}
function show(i){at=Math.max(0,Math.min(S.length-1,i));const s=S[at],p=at?S[at-1]:null;
 $('slider').value=at;$('slider').setAttribute('aria-valuetext','state '+at+' of '+(S.length-1));
 $('count').textContent=at+' / '+(S.length-1);$('rule').textContent=T[s.rule];
 focus(T[s.focus]);$('note').textContent=T[s.note];
 const row=$('stacks');row.replaceChildren();
 for(const[n,keep]of s.stacks){const c=s.chains.get(n);
  row.append(card(T[n],c,p?keep:depth(c),p?depth(p.chains.get(n)):0))}
 $('rail').replaceChildren(card(data.rail,s.handlers,p?s.rail[0]:depth(s.handlers),
  p?depth(p.handlers):0));
 $('back').disabled=$('first').disabled=at===0;
 $('forward').disabled=$('last').disabled=at===S.length-1;
 $('end').textContent=at===S.length-1?data.end:'';
 try{history.replaceState(null,'','#'+at)}catch{}}
$('back').onclick=()=>show(at-1);$('forward').onclick=()=>show(at+1);
$('first').onclick=()=>show(0);$('last').onclick=()=>show(S.length-1);
$('slider').max=S.length-1;$('slider').oninput=e=>show(+e.target.value);
addEventListener('keydown',e=>{if(e.target.id==='slider'||e.ctrlKey||e.metaKey||e.altKey)return;
 const k={ArrowLeft:-1,ArrowRight:1,PageUp:-10,PageDown:10,Home:-1e9,End:1e9}[e.key];
 if(k){show(at+k);e.preventDefault()}});
addEventListener('hashchange',()=>show(+location.hash.slice(1)||0));
show(+location.hash.slice(1)||0);
)js";

// Texts by number, each stored once.
class TextTable {
 public:
  Json operator()(const std::string& text) {
    const auto [place, fresh] = index_.try_emplace(text, texts_.size());
    if (fresh) texts_.push_back(Json(text));
    return Json(place->second);
  }
  Json operator()(const std::vector<std::string>& items) {
    Json list = Json::array();
    for (const std::string& item : items) list.push_back((*this)(item));
    return list;
  }
  Json take() { return Json(std::move(texts_)); }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  Json::Array texts_;
};

// How a stack grew out of the one before: how many of its lowest items stay, and what lies on them.
Json change(std::span<const std::string> before, std::span<const std::string> now, TextTable& texts,
            Json::Array begin = {}) {
  const auto differ = std::mismatch(before.begin(), before.end(), now.begin(), now.end()).second;
  begin.push_back(Json(static_cast<std::int64_t>(differ - now.begin())));
  begin.push_back(texts(std::vector<std::string>(differ, now.end())));
  return Json(std::move(begin));
}

Json to_json(const StepperState& before, const StepperState& state, TextTable& texts) {
  Json stacks = Json::array();
  for (const auto& column : state.stacks) {
    const auto old = std::find_if(before.stacks.begin(), before.stacks.end(),
                                  [&](const auto& c) { return c.name == column.name; });
    const std::vector<std::string> none;
    stacks.push_back(change(old == before.stacks.end() ? none : old->items, column.items, texts,
                            {texts(column.name)}));
  }
  const auto outermost_first = [](std::vector<std::string> rail) {
    std::reverse(rail.begin(), rail.end());
    return rail;
  };
  return Json::object(
      {{"rule", texts(state.rule)},
       {"focus", texts(state.focus)},
       {"note", texts(state.note)},
       {"stacks", std::move(stacks)},
       {"rail", change(outermost_first(before.rail), outermost_first(state.rail), texts)}});
}

std::string script_safe(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string stepper_html(const StepperPage& page) {
  TextTable texts;
  Json states = Json::array();
  const StepperState nothing;
  const StepperState* before = &nothing;
  for (const StepperState& state : page.states) {
    states.push_back(to_json(*before, state, texts));
    before = &state;
  }
  const Json data = Json::object({{"texts", texts.take()},
                                  {"states", std::move(states)},
                                  {"rail", page.rail_name},
                                  {"end", page.end}});
  const std::string title = escape_html(page.title);
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" +
         title + "</title><style>" + kStyle + "</style></head><body><main><h1>" + title +
         "</h1><pre tabindex=\"0\" aria-label=\"program\">" + escape_html(page.program) +
         "</pre><div class=\"bar\"><button id=\"first\" aria-label=\"first state\">&#171;</button>"
         "<button id=\"back\">&#8592; back</button><button id=\"forward\">forward &#8594;</button>"
         "<button id=\"last\" aria-label=\"last state\">&#187;</button>"
         "<input id=\"slider\" type=\"range\" min=\"0\" value=\"0\" aria-label=\"state\">"
         "<span id=\"count\"></span></div>"
         "<p aria-live=\"polite\"><span class=\"rule\" id=\"rule\"></span> "
         "<strong id=\"end\"></strong></p>"
         "<h2>next</h2><div class=\"focus\" id=\"focus\"></div><p id=\"note\"></p>"
         "<h2>memory (top of each stack above)</h2><div class=\"row\" id=\"stacks\"></div>"
         "<div class=\"row\" id=\"rail\"></div>"
         "<p>Keys: &#8592; &#8594; one state, Page Up and Page Down ten, Home and End.</p></main>"
         "<script type=\"application/json\" id=\"data\">" +
         script_safe(data.dump()) + "</script><script>" + kScript + "</script></body></html>\n";
}

}  // namespace ordo::machine
