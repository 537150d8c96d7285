using YamlDotNet.RepresentationModel;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>A manifest of deploy/kubernetes, taken apart.</summary>
internal sealed class KubernetesManifest
{
    private readonly IReadOnlyList<YamlNode> _objects;

    private KubernetesManifest(IReadOnlyList<YamlNode> objects) => _objects = objects;

    public YamlNode PodSpec => At(Object("DaemonSet"), "spec", "template", "spec");

    public YamlNode Daemon => Items(At(PodSpec, "containers")).ShouldHaveSingleItem();

    public YamlNode Init => Items(At(PodSpec, "initContainers")).ShouldHaveSingleItem();

    public static KubernetesManifest Read(string file = "overlay.yaml") =>
        Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "kubernetes", file)));

    /// <summary>Takes a text of one or more objects apart.</summary>
    public static KubernetesManifest Parse(string text)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(text));
        return new([.. stream.Documents.Select(static document => document.RootNode)]);
    }

    public IEnumerable<string> Kinds => _objects.Select(static node => Text(node, "kind"));

    public YamlNode Object(string kind) => _objects.Single(node => Text(node, "kind") == kind);

    public static YamlNode At(YamlNode node, params string[] path) =>
        Find(node, path) ?? throw new KeyNotFoundException($"no {string.Join('.', path)}");

    public static YamlNode? Find(YamlNode node, params string[] path)
    {
        YamlNode? found = node;
        foreach (string key in path)
            found = found is YamlMappingNode mapping
                && mapping.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? next) ? next : null;
        return found;
    }

    public static string Text(YamlNode node, params string[] path) => ((YamlScalarNode)At(node, path)).Value!;

    public static IReadOnlyList<YamlNode> Items(YamlNode node) => [.. ((YamlSequenceNode)node).Children];

    public static string[] Texts(YamlNode node, params string[] path) =>
        [.. Items(At(node, path)).Select(static item => ((YamlScalarNode)item).Value!)];
}
