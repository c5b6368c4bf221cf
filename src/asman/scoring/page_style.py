"""How the report's page looks, on a screen and on paper."""

from typing import Final

STYLE: Final = """
:root{--ink:#1b2733;--soft:#5b6875;--line:#dfe5ea;--paper:#fff}
*{box-sizing:border-box}
body{margin:0;background:#eef1f4;color:var(--ink);font:15px/1.5 system-ui,"DejaVu Sans",sans-serif}
main{max-width:1040px;margin:24px auto;padding:32px 40px;background:var(--paper);border-radius:6px}
h1{font-size:25px;line-height:1.25;margin:0 0 4px}
h2{font-size:18px;margin:0 0 4px}
header p{color:var(--soft);margin:0}
header .simulated{float:right;margin:4px 0 0 16px;padding:2px 12px;border:2px solid #b06000;color:#b06000;
font-weight:700;letter-spacing:.12em;border-radius:4px}
section{margin-top:34px;border-top:1px solid var(--line);padding-top:16px}
.lead{color:var(--soft);margin:0 0 12px;max-width:80ch}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;margin-top:22px}
.cards div{border:1px solid var(--line);border-radius:6px;padding:10px 12px}
.cards h3{margin:0;font-size:12px;font-weight:600;color:var(--soft)}
.cards b{display:block;font-size:23px;line-height:1.35;font-variant-numeric:tabular-nums;white-space:nowrap}
.cards p{margin:0;font-size:11.5px;line-height:1.35;color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:13px;margin:10px 0 18px}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:4px 8px;
vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:5px 8px;vertical-align:top;font-variant-numeric:tabular-nums}
.r{text-align:right;white-space:nowrap}
td small{color:var(--soft);font-size:11.5px}
.verdict{display:inline-block;min-width:82px;text-align:center;border-radius:3px;padding:1px 6px;
font-weight:600;font-size:12px;color:#fff;white-space:nowrap}
.pass{background:#1f7a4d}.fail{background:#b3261e}.not-judged{background:#6b7680}
svg{display:block;width:100%;height:auto}
svg text{font-size:10.5px;fill:#5b6875;font-family:inherit}
svg .label{fill:#1b2733}
svg .mark{fill:#1b2733;font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
svg .grid{stroke:#e8edf1}
svg .axis,svg .tick{stroke:#9aa3ad}
.plots{display:grid;grid-template-columns:repeat(3,1fr);gap:10px 14px}
figure{margin:0}
.legend{margin:2px 0 14px;font-size:12.5px;color:var(--soft)}
.legend span{margin-right:18px;white-space:nowrap}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:5px;vertical-align:-1px}
ul{margin:6px 0;padding-left:20px}
@media(max-width:760px){main{margin:0;padding:18px}.plots{grid-template-columns:1fr}
table{display:block;overflow-x:auto}}
@media print{body{background:#fff}main{margin:0;padding:0;max-width:none}section,tr,figure{break-inside:avoid}
.verdict,.legend i{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
