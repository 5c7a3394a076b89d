import type { JSX } from "preact";
import { memo } from "preact/compat";
import { formatCell } from "../../profiler/columns.ts";
import { Icon } from "../controls/controls.tsx";
import type { BoxCost } from "./box-cost.ts";
import { MARK_ICONS, type BoxMark } from "./box-mark.ts";
import { boxText, boxTip } from "./box-text.ts";
import { HEAD_HEIGHT, type PlacedBox } from "./layout/layout.ts";

interface GraphBoxProps {
  readonly placed: PlacedBox;
  readonly cost: BoxCost | undefined;
  readonly mark: BoxMark | undefined;
  /** How many boxes hold the same. */
  readonly alike: number;
  readonly isSelected: boolean;
  readonly isFound: boolean;
  /** The one box that Tab reaches. */
  readonly isTabStop: boolean;
}

/**
 * A layer, an end, a closed module, or the head of an open one, whose frame is no target: a drag on it moves the picture. Clicks and focus
 * are the stage's.
 */
export const GraphBox = memo(function GraphBox(props: GraphBoxProps): JSX.Element {
  const { placed, cost, mark, alike, isSelected, isFound, isTabStop } = props;
  const { box, x, y, width, height, isOpen, headWidth } = placed;
  const isModule = box.children.length > 0;
  const classes = [
    "box",
    box.tensor && "end",
    isOpen && "open",
    !isOpen && isModule && "closed",
    isSelected && "selected",
    isFound && "found",
    mark && `mark-${mark.kind}`,
  ];
  const { title, name, weights } = boxText(box);
  return (
    <button
      type="button"
      class={classes.filter(Boolean).join(" ")}
      data-box={box.id}
      tabIndex={isTabStop ? 0 : -1}
      {...(isModule ? { "aria-expanded": isOpen } : box.tensor ? {} : { "aria-pressed": isSelected })}
      data-tip={boxTip({ box, isOpen, cost, mark, alike })}
      data-vscode-context={contextOf(placed, alike)}
      style={{
        transform: `translate(${x}px, ${y}px)`,
        width: `${isOpen ? headWidth : width}px`,
        height: `${isOpen ? HEAD_HEIGHT : height}px`,
        "--heat": isOpen ? 0 : (cost?.heat ?? 0),
      }}
    >
      <span class="box-head">
        {isModule && <Icon name={isOpen ? "chevron-down" : "chevron-right"} />}
        {mark && <Icon name={MARK_ICONS[mark.kind]} />}
        {mark && <span class="visually-hidden">{mark.text} </span>}
        <span class="box-title">{title}</span>
        {alike > 1 && <span class="box-alike">×{alike}</span>}
        {cost && (
          <span class={cost.value === null ? "box-cost unknown" : "box-cost"}>
            <span class="visually-hidden">{cost.column.title} </span>
            {formatCell(cost.column.unit, cost.value)}
          </span>
        )}
      </span>
      {!isOpen && (
        <span class="box-foot">
          <span class="box-name">{name}</span>
          {weights !== "" && <span class="box-weights">{weights}</span>}
          {mark && isModule && (
            <span class="box-weights" aria-hidden="true">
              {mark.text}
            </span>
          )}
        </span>
      )}
      {!isOpen && cost && cost.heat > 0 && <span class="box-bar" style={{ transform: `scaleX(${cost.heat})` }} />}
    </button>
  );
});

/** For the commands of the context menu: https://code.visualstudio.com/api/extension-guides/webview#context-menus */
function contextOf({ box, isOpen }: PlacedBox, alike: number): string | undefined {
  const [layer] = box.layers;
  if (box.children.length > 0)
    return JSON.stringify({
      webviewSection: "module",
      box: box.id,
      isOpen,
      isAlike: alike > 1,
      preventDefaultContextMenuItems: true,
    });
  return layer && JSON.stringify({ webviewSection: "row", layer: layer.index, preventDefaultContextMenuItems: true });
}
