namespace Overlay.Bench.Rig.Figures;

/// <summary>Figures as people read them.</summary>
internal static class Quantity
{
    /// <summary>Three digits or so, whatever the size.</summary>
    public static string Text(double value) => Math.Abs(value) switch
    {
        >= 1000 => $"{value:#,0}",
        >= 100 => $"{value:0}",
        >= 10 => $"{value:0.0}",
        >= 1 => $"{value:0.00}",
        _ => $"{value:0.000}",
    };

    public static string Ratio(double? ratio) => ratio is double value ? $"{value:0.00}" : "-";
}
