using Overlay.Lab.Topology;

namespace Overlay.Lab.Demo;

/// <summary>The lab drawn in ASCII: a box a node, the underlay beneath; two nodes fit 80 columns.</summary>
internal static class Picture
{
    private const int Width = 36;

    public static string Draw(LabNetwork lab)
    {
        string[][] boxes = [.. lab.Nodes.Select(node => Box(node, lab.Options.Vni).ToArray())];
        IEnumerable<string> lines = Enumerable.Range(0, boxes.Max(box => box.Length))
            .Select(row => "  " + string.Join("    ", boxes.Select(box => box[row])).TrimEnd());
        int span = (boxes.Length * (Width + 4)) - 4;
        string label = $" VXLAN {lab.Options.Vni} in UDP {lab.Options.Port} over the underlay ";
        int left = (span - label.Length) / 2;
        string tunnel = "  " + new string('=', left) + label + new string('=', span - label.Length - left);
        return string.Join('\n', [.. lines, tunnel]);
    }

    private static IEnumerable<string> Box(Node node, int vni)
    {
        string title = $"+-- node {node.Name} ";
        yield return title + new string('-', Width - title.Length - 1) + "+";
        foreach (Pod pod in node.Pods)
        {
            foreach (string row in Rows($"pod {pod.Name}", pod.AddressV4, pod.AddressV6))
            {
                yield return row;
            }
        }

        yield return Row("   |", "");
        foreach (string row in Rows("cni0", node.PodCidrV4, node.PodCidrV6))
        {
            yield return row;
        }

        yield return Row("   |", "");
        yield return Row($"overlay.{vni}", "overlayd");
        yield return Row("   |", "");
        foreach (string row in Rows("eth0", node.UnderlayV4, node.UnderlayV6))
        {
            yield return row;
        }

        yield return "+------|" + new string('-', Width - 9) + "+";
        yield return "       |".PadRight(Width);
    }

    private static IEnumerable<string> Rows(string name, object? v4, object? v6)
    {
        if (v4 is not null)
        {
            yield return Row(name, v4);
        }

        if (v6 is not null)
        {
            yield return Row(v4 is null ? name : "", v6);
        }
    }

    private static string Row(string left, object right) => "|" + $"   {left,-10} {right}".PadRight(Width - 2) + "|";
}
