/// The look of a report. Colours are Okabe and Ito's, which people with any colour vision tell apart, and no colour says
/// anything that a shape, a hatching or a word does not say as well.
enum ReportLook {
    static let css = """
        :root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --muted: #5b6675; --line: #d5dae1; --soft: #f3f5f8;
          --blue: #0072b2; --light: #9ecae9; --hurt: #c44e00; --amber: #b97a00; --green: #00795a; --pink: #a8437c; --base: #c3ccd8;
          --h1: #dbe9f6; --h2: #b3d2ea; --h3: #7fb3d8; --h4: #4a90c2; --h5: #2067a5; --h6: #08306b;
          --f1: #fde0c5; --f2: #fbbf8d; --f3: #f19a55; --f4: #dd7427; --f5: #b95004; --f6: #7c3300; }
        @media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e6eaf0; --muted: #9aa6b5; --line: #343c48; --soft: #1b212a;
          --blue: #56b4e9; --light: #2c5f80; --hurt: #ff8f4d; --amber: #f0c04a; --green: #3ec79b; --pink: #e79ac6; --base: #465264;
          --h1: #173049; --h2: #1e4a73; --h3: #2f6ba2; --h4: #5594ca; --h5: #97c3e6; --h6: #e4f1fc;
          --f1: #43220c; --f2: #6d3510; --f3: #9c4d15; --f4: #cf6a20; --f5: #f79a58; --f6: #ffdcc0; } }
        * { box-sizing: border-box; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
        h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 2px solid var(--line); } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
        p { margin: .4rem 0; max-width: 60rem; } a { color: var(--blue); } code, pre { font: 13px/1.5 ui-monospace, monospace; }
        pre { background: var(--soft); padding: .7rem .9rem; border-radius: 6px; overflow-wrap: normal; }
        .muted { color: var(--muted); } .bad { color: var(--hurt); font-weight: 600; } .headline { font-size: 1.1rem; margin: .8rem 0; }
        .empty { background: var(--soft); padding: .7rem .9rem; border-left: 4px solid var(--base); border-radius: 4px; }
        .skip { position: absolute; left: -200rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .3rem .6rem; }
        nav { display: flex; flex-wrap: wrap; gap: .4rem; margin: 1rem 0; } nav a { padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 99px; text-decoration: none; }
        :focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
        .tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; } .tiles div { background: var(--soft); border-radius: 6px; padding: .4rem .9rem; }
        dt { color: var(--muted); font-size: 13px; } dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
        .scroll { overflow-x: auto; max-width: 100%; } .list { max-height: 26rem; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; margin-top: .8rem; }
        .list td:last-child { overflow-wrap: anywhere; min-width: 9rem; width: 100%; } .list thead th { position: sticky; top: 0; background: var(--soft); }
        table { border-collapse: collapse; font-size: 14px; margin: .6rem 0; overflow-wrap: normal; } .list table { margin: 0; width: 100%; }
        caption { text-align: left; color: var(--muted); padding: .2rem .6rem; }
        th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; } th { font-weight: 600; }
        .n, .time { white-space: nowrap; font-variant-numeric: tabular-nums; } .n { text-align: right; } tr:target { background: var(--soft); outline: 2px solid var(--blue); outline-offset: -2px; }
        .bars { min-width: 9rem; } .bars span { display: block; height: 11px; margin-top: .35rem; background: var(--blue); border-radius: 2px; }
        .nb { white-space: nowrap; } .wide { min-width: 13rem; } details { margin: .6rem 0; } summary { cursor: pointer; color: var(--blue); }
        svg { display: block; width: 100%; min-width: 720px; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); unicode-bidi: isolate; } svg .muted { fill: var(--muted); }
        svg .tiny { font-size: 10px; fill: var(--muted); } svg .strong { font-weight: 600; font-size: 13px; } svg tspan.muted { font-weight: 400; font-size: 12px; } svg .lane { font-weight: 600; } svg text.bad { fill: var(--hurt); font-weight: 600; } svg text.onFault { fill: var(--paper); }
        .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--muted); stroke-width: 1; } .field { fill: none; stroke: var(--line); }
        path, rect { stroke: none; } .base { fill: var(--base); } .hurt { fill: var(--hurt); } .fault { fill: var(--hurt); } .spell { fill: var(--hurt); opacity: .13; }
        .mark { fill: var(--blue); stroke: var(--paper); stroke-width: 1; } .mark.bad { fill: var(--hurt); } svg a:focus .mark, svg a:hover .mark { stroke: var(--ink); stroke-width: 2; }
        .pending { fill: var(--amber); } .firing { fill: var(--hurt); } .wrong { fill: var(--paper); stroke: var(--hurt); stroke-width: 2; stroke-dasharray: 4 2; }
        line.target { stroke: var(--green); stroke-width: 1.5; stroke-dasharray: 2 3; } path.felt { fill: none; stroke: var(--blue); stroke-width: 2; } path.measured { fill: none; stroke: var(--pink); stroke-width: 1.8; stroke-dasharray: 6 3; }
        .budget { fill: var(--green); opacity: .55; } .ready { fill: var(--light); } .readyAtMost { fill: var(--light); opacity: .5; } path.desired { fill: none; stroke: var(--ink); stroke-width: 1.4; } path.wish { fill: none; stroke: var(--pink); stroke-width: 2; stroke-dasharray: 5 3; }
        .machines { fill: var(--light); } .tokens { fill: var(--amber); } .span { fill: var(--blue); } .spanBad { fill: var(--hurt); } .waits { fill: var(--base); } .critical { fill: var(--ink); }
        .h1 { fill: var(--h1); } .h2 { fill: var(--h2); } .h3 { fill: var(--h3); } .h4 { fill: var(--h4); } .h5 { fill: var(--h5); } .h6 { fill: var(--h6); }
        .f1 { fill: var(--f1); } .f2 { fill: var(--f2); } .f3 { fill: var(--f3); } .f4 { fill: var(--f4); } .f5 { fill: var(--f5); } .f6 { fill: var(--f6); }
        .key { font-size: 13px; color: var(--muted); } .k { display: inline-block; width: 14px; height: 12px; border-radius: 2px; vertical-align: -1px; margin-left: .5rem; }
        .k.base { background: var(--base); } .k.hurt, .k.firing, .k.spanBad { background: var(--hurt); } .k.spell { background: var(--hurt); opacity: .25; } .k.pending { background: var(--amber); height: 5px; vertical-align: 3px; } .k.wrong { background: none; border: 2px dashed var(--hurt); }
        .k.line { height: 0; border-radius: 0; width: 20px; border-top: 2px solid; vertical-align: 4px; } .k.felt { border-color: var(--blue); } .k.measured { border-top: 2px dashed var(--pink); } .k.targetLine { border-top: 2px dotted var(--green); } .k.desired { border-color: var(--ink); } .k.wish { border-top: 2px dashed var(--pink); }
        .k.budget { background: var(--green); opacity: .55; } .k.ready { background: var(--light); } .k.machines { background: var(--light); } .k.tokens { background: var(--amber); } .k.span { background: var(--blue); } .k.waits { background: var(--base); height: 8px; } .k.critical { background: var(--ink); height: 3px; vertical-align: 3px; }
        .k.h1 { background: var(--h1); } .k.h2 { background: var(--h2); } .k.h3 { background: var(--h3); } .k.h4 { background: var(--h4); } .k.h5 { background: var(--h5); } .k.h6 { background: var(--h6); }
        .k.f1 { background: var(--f1); } .k.f2 { background: var(--f2); } .k.f3 { background: var(--f3); } .k.f4 { background: var(--f4); } .k.f5 { background: var(--f5); } .k.f6 { background: var(--f6); }
        @page { margin: 12mm; }
        @media print { :root { color-scheme: light; --paper: #fff; --ink: #1c2430; --muted: #5b6675; --line: #d5dae1; --soft: #f3f5f8; --blue: #0072b2; --light: #9ecae9; --hurt: #c44e00; --amber: #b97a00; --green: #00795a; --pink: #a8437c; --base: #c3ccd8;
          --h1: #dbe9f6; --h2: #b3d2ea; --h3: #7fb3d8; --h4: #4a90c2; --h5: #2067a5; --h6: #08306b; --f1: #fde0c5; --f2: #fbbf8d; --f3: #f19a55; --f4: #dd7427; --f5: #b95004; --f6: #7c3300; }
          body { padding: 0; max-width: none; font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; } nav, .skip { display: none; } svg { min-width: 0; break-inside: avoid; }
          h2, h3 { break-after: avoid; } .list { max-height: none; overflow: visible; border: 0; } .list thead th { position: static; } .scroll { overflow: visible; } tr { break-inside: avoid; } pre { white-space: pre-wrap; } table { font-size: 11px; } details::details-content { content-visibility: visible; block-size: auto; } }
        """
}
