"""How a page looks: light, plain, and near enough to Slack that one knows where one is."""

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1d1c1d;
  font: 15px/1.46 Lato, 'Noto Sans', 'Liberation Sans', Arial, 'Noto Color Emoji', sans-serif; }
.pane { width: 720px; padding-bottom: 16px; }
.bar { display: flex; align-items: center; gap: 10px; height: 50px; padding: 0 20px; border-bottom: 1px solid #ddd;
  font-size: 17px; }
.bar span { color: #616061; font-size: 13px; }
.bar .avatar { width: 28px; height: 28px; font-size: 15px; }
.tab { font-style: normal; font-size: 13px; color: #616061; line-height: 50px; padding: 0 4px; }
.tab.on { color: #1d1c1d; font-weight: 700; box-shadow: inset 0 -2px #17324d; }
.post { display: flex; gap: 10px; padding: 8px 20px; }
.post.whisper { background: #fbf7ec; }
.eye { font-size: 12px; color: #616061; }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 8px; color: #fff; font-size: 18px; font-weight: 700;
  display: flex; align-items: center; justify-content: center; }
.said { flex: 1; min-width: 0; }
.who { display: flex; align-items: baseline; gap: 6px; line-height: 1.3; }
.who time { font-size: 12px; color: #616061; }
.app { font-size: 9px; font-weight: 700; color: #616061; background: #ececec; border-radius: 2px; padding: 1px 3px; }
.count { display: flex; align-items: center; gap: 10px; padding: 4px 20px; color: #616061; font-size: 13px; }
hr { flex: 1; border: 0; border-top: 1px solid #ddd; margin: 0; }
.composer { margin: 12px 20px 0; border: 1px solid #bbb; border-radius: 8px; padding: 10px 12px; color: #8a8a8a; }
.block { margin-top: 6px; overflow-wrap: anywhere; }
.who + .block { margin-top: 2px; }
.block > :first-child { margin-top: 0; }
.block > :last-child { margin-bottom: 0; }
h1, h2, h3, h4, h5, h6 { margin: 12px 0 4px; line-height: 1.3; }
.header h2 { font-size: 18px; font-weight: 900; }
.markdown h1 { font-size: 20px; } .markdown h2 { font-size: 18px; } .markdown h3 { font-size: 16px; }
p { margin: 0 0 8px; }
ul, ol { margin: 0 0 8px; padding-left: 24px; }
code { font: 12px 'Liberation Mono', monospace; color: #c01343; background: #f6f6f6; border: 1px solid #ddd;
  border-radius: 3px; padding: 1px 3px; }
pre { background: #f6f6f6; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0;
  white-space: pre-wrap; font: 12px/1.5 'Liberation Mono', monospace; }
pre code { border: 0; padding: 0; color: inherit; }
blockquote { margin: 0 0 8px; border-left: 4px solid #ddd; padding-left: 12px; }
a { color: #1264a3; text-decoration: none; }
.mention { color: #1264a3; background: #e8f5fa; border-radius: 3px; padding: 0 2px; }
.table + .context { margin-top: 4px; }
.context { font-size: 12px; color: #616061; display: flex; flex-wrap: wrap; gap: 8px; }
table { border-collapse: separate; border-spacing: 0; border: 1px solid #ddd; border-radius: 8px; font-size: 14px;
  margin-bottom: 8px; max-width: 100%; }
td, th { border-bottom: 1px solid #ddd; border-right: 1px solid #ddd; padding: 6px 10px; vertical-align: top;
  text-align: left; }
td:last-child, th:last-child { border-right: 0; }
tr:last-child td, tr:last-child th { border-bottom: 0; }
thead tr:last-child th { border-bottom: 1px solid #ddd; }
tr.first td, th { background: #f8f8f8; font-weight: 700; }
.right { text-align: right; } .center { text-align: center; }
.cut { white-space: nowrap; }
.image .title { font-size: 13px; color: #616061; }
.image img { display: block; max-width: 560px; border: 1px solid #ddd; border-radius: 8px; margin-top: 4px; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; }
.button { border: 1px solid #bbb; border-radius: 4px; padding: 3px 11px; font-size: 13px; font-weight: 700;
  max-width: 100%; }
.button.danger { color: #c01343; border-color: #c01343; }
.button.primary { color: #fff; background: #007a5a; border-color: #007a5a; }
.context_actions { display: flex; gap: 4px; }
.thumb { border: 1px solid #ddd; border-radius: 6px; padding: 1px 8px; font-size: 13px; }
.plan { border: 1px solid #ddd; border-radius: 8px; padding: 10px 12px; }
.plan > .title { font-weight: 700; margin-bottom: 4px; }
.task_card { display: flex; gap: 10px; align-items: baseline; padding: 3px 0; }
.sign { flex: none; font-style: normal; width: 16px; height: 16px; line-height: 16px; border-radius: 50%;
  font-size: 11px; text-align: center; color: #616061; position: relative; top: -1px; align-self: center; }
.sign.complete { background: #007a5a; color: #fff; }
.sign.error { background: #c01343; color: #fff; font-weight: 700; }
.sign.in_progress { border: 2px solid #1264a3; border-right-color: #d5e4ef; }
.sign.pending { font-size: 16px; }
.reactions { display: flex; gap: 4px; margin-top: 4px; }
.reactions span { border: 1px solid #ddd; border-radius: 12px; background: #f8f8f8; padding: 0 8px; font-size: 12px; }
.home { padding: 16px 20px 0; }
.home .block { margin-bottom: 10px; }
label { font-weight: 700; }
.field { border: 1px solid #bbb; border-radius: 4px; padding: 6px 10px; min-height: 36px; color: #8a8a8a; }
.field.tall { min-height: 80px; }
"""
